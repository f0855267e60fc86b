package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// DefaultName is that of a run to which nobody gave another.
const DefaultName = "default"

// ValidName tells whether a run may be called so: its name is that of a file.
func ValidName(name string) bool {
	return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`).MatchString(name)
}

// TakenError tells that a run of a name is going on already.
type TakenError struct{ Name string }

func (e *TakenError) Error() string {
	return fmt.Sprintf("a run named %q is going on already on this machine", e.Name)
}

// NotRunningError tells that there is no run of a name.
type NotRunningError struct {
	Name string
	// Others are the names of the runs that there are.
	Others []string
}

func (e *NotRunningError) Error() string {
	return fmt.Sprintf("no run named %q is going on on this machine", e.Name)
}

// NoSocketError tells that this machine cannot open the socket of a run: its
// path is too long, or the system has no such sockets. A run does without.
type NoSocketError struct{ err error }

func (e *NoSocketError) Error() string { return "cannot open the control socket: " + e.err.Error() }
func (e *NoSocketError) Unwrap() error { return e.err }

// Listen opens the socket at which the other commands find a run by its name.
// Only this user can open it. The error may be a *TakenError or a
// *NoSocketError.
func Listen(name string) (net.Listener, error) {
	folder, err := privateFolder()
	if err != nil {
		return nil, err
	}
	path := socketPath(folder, name)
	if isAnswered(path) {
		return nil, &TakenError{name}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot take over the socket of a run that has ended: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, &NoSocketError{err}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// Dial connects to a run by its name. The error is a *NotRunningError when
// there is none.
func Dial(ctx context.Context, name string) (net.Conn, error) {
	folder, err := privateFolder()
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socketPath(folder, name))
	if err != nil && ctx.Err() == nil {
		return nil, &NotRunningError{name, names(folder)}
	}
	return conn, err
}

// Serve answers at a socket until ctx is done.
func (c *Cluster) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           c.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	err := server.Serve(listener)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// names are those of the runs that answer, sorted.
func names(folder string) []string {
	entries, _ := os.ReadDir(folder)
	var names []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), ".sock"); ok && isAnswered(filepath.Join(folder, entry.Name())) {
			names = append(names, name)
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

// privateFolder makes, or finds, the folder of the sockets. One that somebody
// else could write to is refused.
func privateFolder() (string, error) {
	parent := os.Getenv("XDG_RUNTIME_DIR")
	folder := filepath.Join(parent, "kubectl-nodeport")
	if parent == "" {
		folder = filepath.Join(os.TempDir(), "kubectl-nodeport-"+user())
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("cannot make a folder for the control socket: %w", err)
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return "", fmt.Errorf("cannot look at the folder of the control socket: %w", err)
	}
	if !info.IsDir() || !isPrivate(info) {
		return "", fmt.Errorf("%s is not a folder that only you can open; remove it", folder)
	}
	return folder, nil
}
