package cli

import (
	"sync"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
)

// eventQueue keeps what happened until somebody has time to tell it.
type eventQueue struct {
	mu     sync.Mutex
	events []local.Event
	// ready has an element when there is something to take.
	ready chan struct{}
}

func newEventQueue() *eventQueue { return &eventQueue{ready: make(chan struct{}, 1)} }

func (q *eventQueue) add(e local.Event) {
	q.mu.Lock()
	q.events = append(q.events, e)
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns what was not taken yet.
func (q *eventQueue) take() []local.Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	events := q.events
	q.events = nil
	return events
}
