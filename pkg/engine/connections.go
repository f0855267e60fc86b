package engine

import (
	"net"
	"sync"
)

// connections are those that are open. The zero value has none.
type connections struct {
	mu  sync.Mutex
	all map[*connection]struct{}
	// empty is closed when there is none; nil while nobody asked.
	empty chan struct{}
	// ended makes those that come later end at once.
	ended bool
}

// connection is a client's, with that to its endpoint as soon as there is one.
type connection struct {
	client, endpoint net.Conn
}

// add takes a connection in, unless all are to end.
func (c *connections) add(client net.Conn) (*connection, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil, false
	}
	if c.all == nil {
		c.all = map[*connection]struct{}{}
	}
	conn := &connection{client: client}
	c.all[conn] = struct{}{}
	return conn, true
}

// reached tells to which endpoint a connection leads; false when it is to end.
func (c *connections) reached(conn *connection, endpoint net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn.endpoint = endpoint
	return !c.ended
}

func (c *connections) remove(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, conn)
	if len(c.all) == 0 && c.empty != nil {
		close(c.empty)
		c.empty = nil
	}
}

// none is closed as soon as no connection is open.
func (c *connections) none() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	if c.empty == nil {
		c.empty = make(chan struct{})
	}
	return c.empty
}

// cut ends all connections, now and from now on.
func (c *connections) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for conn := range c.all {
		abort(conn.client)
		if conn.endpoint != nil {
			abort(conn.endpoint)
		}
	}
}

// abort closes a connection with a reset, where its kind has one.
func abort(conn net.Conn) {
	if c, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = c.SetLinger(0)
	}
	_ = conn.Close()
}
