package engine

import (
	"io"
	"net"
)

// relay carries bytes both ways until both sides have said their last, and
// closes the endpoint. What ends one direction only closes that one.
func relay(client, endpoint net.Conn) (sent, received int64, err error) {
	back := make(chan error, 1)
	go func() {
		var err error
		received, err = carry(client, endpoint)
		if err != nil {
			abort(client)
			abort(endpoint)
		}
		back <- err
	}()
	sent, err = carry(endpoint, client)
	if err != nil {
		abort(client)
		abort(endpoint)
	}
	if other := <-back; err == nil {
		err = other
	}
	_ = endpoint.Close()
	return sent, received, err
}

// carry copies one direction to its end, and passes the end on.
func carry(to, from net.Conn) (int64, error) {
	n, err := io.Copy(to, from)
	if err != nil {
		return n, err
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		return n, half.CloseWrite()
	}
	return n, nil
}
