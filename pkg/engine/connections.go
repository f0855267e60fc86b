package engine

import (
	"errors"
	"net"
	"sync"
	"time"
)

// errCut is why a connection ends that outlives Shutdown's context.
var errCut = errors.New("cut when the engine stopped")

// connections are those that are open.
type connections struct {
	mu  sync.Mutex
	all map[cutter]struct{}
	// max is how many may be open; 0 for any number.
	max int
	// shortage is of clients that are turned away.
	shortage shortage
	// empty is closed when there is none; nil while nobody asked.
	empty chan struct{}
	// ended makes those that come later end at once.
	ended bool
}

// cutter is a connection that can be cut.
type cutter interface{ cut() }

// connection is a client's, with that to its endpoint as soon as there is one.
type connection struct {
	client   net.Conn
	endpoint net.Conn
}

func (c *connection) cut() {
	abort(c.client)
	if c.endpoint != nil {
		abort(c.endpoint)
	}
}

// add takes a connection in, unless there are too many or all are to end.
func (c *connections) add(e *Engine, conn cutter) error {
	err := c.tryAdd(conn)
	if err == nil {
		return nil
	}
	if limit := (*LimitError)(nil); errors.As(err, &limit) {
		c.short(e, err)
	}
	return err
}

func (c *connections) tryAdd(conn cutter) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
		return errCut
	case c.max > 0 && len(c.all) >= c.max:
		return &LimitError{Max: c.max}
	}
	c.all[conn] = struct{}{}
	return nil
}

// bound sets how many may be open; 0 for any number. Those that are stay.
func (c *connections) bound(most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.max = most
}

// most is how many may be open; 0 for any number.
func (c *connections) most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.max
}

// replace puts a connection in the place of another; false when it is to end.
func (c *connections) replace(conn, by cutter) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, conn)
	c.all[by] = struct{}{}
	return !c.ended
}

// short registers that a client cannot be served because of err, and reports
// it unless that is known.
func (c *connections) short(e *Engine, err error) {
	c.mu.Lock()
	report := c.shortage.note(len(c.all), time.Now())
	c.mu.Unlock()
	if report {
		e.tell(Event{Kind: LimitReached, Err: err})
	}
}

// lead notes to which endpoint a connection leads; false when it is to end.
func (c *connections) lead(conn *connection, endpoint net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn.endpoint = endpoint
	return !c.ended
}

func (c *connections) remove(conn cutter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, conn)
	c.shortage.ease(len(c.all))
	if len(c.all) == 0 && c.empty != nil {
		close(c.empty)
		c.empty = nil
	}
}

func (c *connections) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
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
		conn.cut()
	}
}

// abort closes a connection with a reset, where its kind has one.
func abort(conn net.Conn) {
	if c, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = c.SetLinger(0)
	}
	_ = conn.Close()
}
