// Package process runs the programs of one rig below one parent, so that
// ending that parent ends everything.
//
// The parent is a fresh copy of the running binary (see Main). On Linux it can
// be the first process of its own PID, mount and network namespaces: when it
// goes, for whatever reason, the kernel kills every program of the rig and
// drops its mounts and network namespaces. It also goes when its owner goes,
// because it holds one end of a pipe whose other end only the owner has.
package process

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/link"
)

// Spec says what to run.
type Spec struct {
	// Name identifies the program among the running ones; also its log's name.
	Name string
	// Host is the network namespace to run in, by name; "" is the parent's own.
	Host string
	// Cgroup is the cgroup to run in, by its path below the root; "" is the parent's.
	Cgroup string
	// Args is the program and its arguments.
	Args []string
	// Env is added to the parent's environment.
	Env []string
	// Stdin is fed to a program that is Run; a Started one reads nothing.
	Stdin string
}

// LinkSpec describes a link that the parent emulates between two TAP interfaces
// of its own network namespace, which exist for as long as the link.
type LinkSpec struct {
	// Name identifies the link among the running ones.
	Name       string
	Interfaces [2]string
	Conditions link.Conditions
}

// Stop says how to stop a program.
type Stop struct {
	Name string
	// Grace is how long the program may take to end by itself after SIGTERM
	// before it is killed; 0 kills it at once.
	Grace time.Duration
}

// Status is a program's state.
type Status struct {
	Name string
	// Pid is as the parent's PID namespace numbers it.
	Pid int
	// Exited says how the program ended; "" while it runs.
	Exited string
}

// Result is what a program that was Run left behind.
type Result struct {
	Output []byte
	Code   int
}

// Err returns an error that quotes the output unless the program exited with 0.
func (r Result) Err(s Spec) error {
	if r.Code == 0 {
		return nil
	}
	return fmt.Errorf("%s: exit code %d: %s", strings.Join(s.Args, " "), r.Code, strings.TrimSpace(string(r.Output)))
}

// command returns the argument vector that runs s in its cgroup and its host's
// network namespace. nsenter, unlike ip netns exec, leaves /sys as it is: the
// kubelet needs to see the cgroups there.
func (s Spec) command() []string {
	args := s.Args
	if s.Host != "" {
		args = append([]string{"nsenter", "--net=" + HostDir + "/" + s.Host, "--"}, args...)
	}
	if s.Cgroup != "" {
		args = append([]string{"sh", "-c", enterCgroup, s.Cgroup}, args...)
	}
	return args
}

// enterCgroup is a script that moves itself into the cgroup $0, in every
// hierarchy that has it, and becomes the program of its arguments.
const enterCgroup = `for procs in /sys/fs/cgroup/"$0"/cgroup.procs /sys/fs/cgroup/*/"$0"/cgroup.procs; do
	[ ! -e "$procs" ] || echo $$ >"$procs"
done
exec "$@"`

// HostDir is where a namespaced rig has its hosts' network namespaces, seen
// from inside.
const HostDir = "/run/netns"
