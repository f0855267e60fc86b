package process

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// envParent holds the Config of a process that is to be a rig's parent.
const envParent = "NODEPORT_RIG_PARENT"

// Config says what kind of parent to be.
type Config struct {
	// Dir is the rig's directory: socket, logs, data. It is removed at the end.
	Dir string
	// Namespaced asks for PID, mount and network namespaces (Linux, root).
	Namespaced bool
	// Detached parents outlive their owner; others end with it.
	Detached bool
	// Cgroup is the name of the cgroup that is to be removed at the end; "" is none.
	Cgroup string
}

// Main is to be called first thing in every binary that starts rigs: where the
// process was started to be a rig's parent it does that work and reports true
// and the exit code.
func Main() (code int, isParent bool) {
	text, ok := os.LookupEnv(envParent)
	if !ok {
		return 0, false
	}
	_ = os.Unsetenv(envParent) // the programs are not parents
	var c Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return report(err), true
	}
	return report(serve(c)), true
}

func report(err error) int {
	if err == nil {
		return 0
	}
	_, _ = os.Stderr.WriteString("rig: " + err.Error() + "\n")
	return 1
}

// SocketName is the name of the parent's control socket in the rig's directory.
const SocketName = "rig.sock"

// Logs returns the directory of the programs' logs.
func (c Config) Logs() string { return filepath.Join(c.Dir, "logs") }

// Data returns the directory for what need not outlive the rig; a namespaced
// rig has it in memory and it is only seen from inside.
func (c Config) Data() string { return filepath.Join(c.Dir, "data") }

// endTimeout bounds how long ending a rig may take.
const endTimeout = 20 * time.Second
