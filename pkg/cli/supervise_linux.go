package cli

import "github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"

// supervise is the word by which this program calls itself to supervise one
// command of --exec. It is no command of users.
const supervise = "__supervise"

// supervisor is this program as a supervisor, also when its file was replaced.
func supervisor() []string { return []string{"/proc/self/exe", supervise} }

// supervised reports whether this process was started as a supervisor, and with
// what code it is to end.
func supervised(args []string) (code int, is bool) {
	if len(args) != 2 || args[0] != supervise {
		return 0, false
	}
	return local.Supervise(args[1]), true
}
