package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// DefaultName is that of a run to which nobody gave another.
const DefaultName = "default"

// ValidName reports whether a run can have a name: it becomes that of a file.
func ValidName(name string) bool {
	return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`).MatchString(name)
}

// TakenError reports that a run of the name exists already.
type TakenError struct {
	Name string
	// PID is the run's process; 0 if that is not known.
	PID int
}

func (e *TakenError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("a run named %q already exists on this machine", e.Name)
	}
	return fmt.Sprintf("a run named %q already exists on this machine, process %d", e.Name, e.PID)
}

// NotRunningError reports that there is no run of the name.
type NotRunningError struct {
	Name string
	// Others are the names of the runs that there are.
	Others []string
}

func (e *NotRunningError) Error() string {
	return fmt.Sprintf("there is no run named %q on this machine", e.Name)
}

// NoSocketError reports that the socket of a run cannot be opened: its path is
// too long, no folder is safe for it, or the system has no such sockets. A run
// works without.
type NoSocketError struct{ err error }

func (e *NoSocketError) Error() string { return "cannot open the control socket: " + e.err.Error() }
func (e *NoSocketError) Unwrap() error { return e.err }

// Listen opens the socket at which the other commands find a run by its name.
// Only this user can open it, and only one run at a time: the name is taken
// until the listener is closed or the process ends. The error may be a
// *TakenError or a *NoSocketError.
func Listen(name string) (net.Listener, error) {
	folders, err := openPrivateFolders()
	if err != nil {
		return nil, &NoSocketError{err}
	}
	held, err := takeName(folders, name)
	if err != nil {
		return nil, err
	}
	listener, err := listenAt(socketPath(folders[0], name))
	if err != nil {
		held.release()
		return nil, err
	}
	return &controlSocket{Listener: listener, held: held}, nil
}

func listenAt(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &NoSocketError{fmt.Errorf("cannot remove the socket of a run that has ended: %w", err)}
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, &NoSocketError{err}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, &NoSocketError{errors.Join(err, listener.Close())}
	}
	return listener, nil
}

// locks are those of one name, in every folder.
type locks []*lock

// takeName takes a name for this run, in every folder and in their order, so
// that of two runs at the same moment exactly one gets it.
func takeName(folders []string, name string) (locks, error) {
	var held locks
	for _, folder := range folders {
		path := filepath.Join(folder, name+".lock")
		l, err := takeLock(path)
		if errors.Is(err, errLocked) {
			err = &TakenError{Name: name, PID: lockHolder(path)}
		} else if err != nil {
			err = &NoSocketError{fmt.Errorf("cannot lock the name of the run: %w", err)}
		}
		if err != nil {
			held.release()
			return nil, err
		}
		held = append(held, l)
	}
	return held, nil
}

func (l locks) release() {
	for _, one := range l {
		one.release()
	}
}

// controlSocket is the listener of a run, which holds the run's name.
type controlSocket struct {
	net.Listener
	held locks
	once sync.Once
}

// Close implements net.Listener.
func (s *controlSocket) Close() error {
	err := s.Listener.Close() // which removes the socket
	s.once.Do(s.held.release)
	return err
}

// Dial connects to a run by its name. The error is a *NotRunningError when
// there is none.
func Dial(ctx context.Context, name string) (net.Conn, error) {
	folders, err := privateFolders()
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	for _, folder := range folders {
		if conn, err := dialer.DialContext(ctx, "unix", socketPath(folder, name)); err == nil || ctx.Err() != nil {
			return conn, err
		}
	}
	return nil, &NotRunningError{name, names(folders)}
}

// names returns those of the runs that answer, sorted.
func names(folders []string) []string {
	var names []string
	for _, folder := range folders {
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			if name, ok := strings.CutSuffix(entry.Name(), ".sock"); ok && isAnswered(filepath.Join(folder, entry.Name())) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func isAnswered(path string) bool {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func socketPath(folder, name string) string { return filepath.Join(folder, name+".sock") }
