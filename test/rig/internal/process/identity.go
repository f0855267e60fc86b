package process

import (
	"errors"
	"time"
)

// Identity tells a process from a later one with the same number.
type Identity struct {
	Pid int
	// Start is when the process started, in a unit of the system's own; ""
	// where the system does not tell.
	Start string
}

// Identify returns the identity of a running process.
func Identify(pid int) (Identity, error) {
	start, err := startTime(pid)
	return Identity{Pid: pid, Start: start}, err
}

// Alive reports whether the process still runs.
func (i Identity) Alive() bool {
	now, err := Identify(i.Pid)
	return err == nil && i.Pid > 0 && now == i
}

// waitGone waits for a process that is not a child of this one, of whose end
// no event tells.
func (i Identity) waitGone(limit time.Duration) error {
	for end := time.Now().Add(limit); i.Alive(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("the rig did not end in time")
		}
	}
	return nil
}
