package forward

import (
	"errors"
	"io"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
)

// unconfirmed is a connection through a tunnel as an engine takes it: one that
// is there at once, and of which it turns out later whether the pod took it.
type unconfirmed struct{ *tunnel.Conn }

var (
	_ engine.Unconfirmed = unconfirmed{}
	_ tunnel.TryWriter   = engine.TryWriter(nil) // or else WriteTo would wait for each write
)

// Confirmed is never closed: that a pod took the connection is told by nothing
// but its first byte.
func (unconfirmed) Confirmed() <-chan struct{} { return nil }

// Read tells the engine when the pod never got what the client said, so that
// another may.
func (c unconfirmed) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	return n, refused(int64(n), err)
}

// WriteTo does so, too.
func (c unconfirmed) WriteTo(w io.Writer) (int64, error) {
	n, err := c.Conn.WriteTo(w)
	return n, refused(n, err)
}

func refused(got int64, err error) error {
	if got == 0 && neverTaken(err) {
		return &engine.RefusedError{Err: err}
	}
	return err
}

// neverTaken tells whether no application has heard anything. A connection
// that was reset or lost may have been served: to say it all again to another
// pod might do something twice.
func neverTaken(err error) bool {
	var of *tunnel.Error
	if !errors.As(err, &of) {
		return false
	}
	switch of.Kind {
	case tunnel.Refused, tunnel.PodGone, tunnel.NodeUnreachable, tunnel.Forbidden, tunnel.Unauthorized, tunnel.Unreachable, tunnel.Stale:
		return true
	}
	return false
}
