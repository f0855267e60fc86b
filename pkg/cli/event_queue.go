package cli

import "sync"

// eventQueue keeps what happened until somebody has time to tell it: whom it
// happens to does not wait for a terminal.
type eventQueue[E any] struct {
	mu     sync.Mutex
	events []E
	// ready has an element when there is something to take.
	ready chan struct{}
}

func newEventQueue[E any]() *eventQueue[E] { return &eventQueue[E]{ready: make(chan struct{}, 1)} }

func (q *eventQueue[E]) add(e E) {
	q.mu.Lock()
	q.events = append(q.events, e)
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns what was not taken yet.
func (q *eventQueue[E]) take() []E {
	q.mu.Lock()
	defer q.mu.Unlock()
	events := q.events
	q.events = nil
	return events
}
