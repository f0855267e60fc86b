package tunnel

import (
	"sync"
	"time"
)

// deadline is a deadline of a connection. The zero value never expires.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	done  chan struct{}
}

// set moves the deadline, for those who wait already, too. The zero time removes
// it.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.channel() // the timer's function closes the channel that it was made for
	}
	d.timer = nil
	expired := isClosed(d.channel())
	switch wait := time.Until(t); {
	case t.IsZero() || wait > 0:
		if expired {
			d.done = make(chan struct{})
		}
		if !t.IsZero() {
			done := d.done
			d.timer = time.AfterFunc(wait, func() { close(done) })
		}
	case !expired:
		close(d.done)
	}
}

// expired returns a channel that is closed when the deadline expires.
func (d *deadline) expired() <-chan struct{} {
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

// stop stops the timer: a deadline that has not expired does not, unless it is
// set again.
func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && d.timer.Stop() {
		d.timer = nil
	}
}
