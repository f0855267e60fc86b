package tunnel

import (
	"sync"
	"time"
)

// deadline is one of a connection's: passed returns a channel that is closed
// when it has passed. The zero value never does.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	done  chan struct{}
}

// set moves the deadline; the zero time removes it. Who waits already waits for
// the new one.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.channel() // its function closes the channel it was made for
	}
	d.timer = nil
	over := false
	select {
	case <-d.channel():
		over = true
	default:
	}
	switch wait := time.Until(t); {
	case t.IsZero() || wait > 0:
		if over {
			d.done = make(chan struct{})
		}
		if !t.IsZero() {
			done := d.done
			d.timer = time.AfterFunc(wait, func() { close(done) })
		}
	case !over:
		close(d.done)
	}
}

func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.channel()
}

func (d *deadline) channel() chan struct{} {
	if d.done == nil {
		d.done = make(chan struct{})
	}
	return d.done
}

// stop frees the timer: a deadline that has not passed never will, unless it is
// set again.
func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && d.timer.Stop() {
		d.timer = nil
	}
}
