package cli

import "sync"

const (
	// mostEvents is how many events a queue keeps; later ones are lost. Those
	// that can wait do from waitingEvents on.
	mostEvents    = 10_000
	waitingEvents = 256
)

// eventQueue keeps what happened until somebody has time to report it: who
// carries traffic does not wait for a terminal.
type eventQueue[E any] struct {
	mu     sync.Mutex
	room   sync.Cond
	events []E
	lost   int
	ended  bool
	// ready has an element when there is something to take.
	ready chan struct{}
}

func newEventQueue[E any]() *eventQueue[E] {
	q := &eventQueue[E]{ready: make(chan struct{}, 1)}
	q.room.L = &q.mu
	return q
}

// add never waits. An event that finds no room is lost, and counted.
func (q *eventQueue[E]) add(e E) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.append(e)
}

// addWaiting waits until there is room, or the queue has ended.
func (q *eventQueue[E]) addWaiting(e E) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.events) >= waitingEvents && !q.ended {
		q.room.Wait()
	}
	q.append(e)
}

func (q *eventQueue[E]) append(e E) {
	if len(q.events) >= mostEvents {
		q.lost++
	} else {
		q.events = append(q.events, e)
	}
	notify(q.ready)
}

// take returns what was not taken yet, and how many events were lost.
func (q *eventQueue[E]) take() (events []E, lost int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	events, lost = q.events, q.lost
	q.events, q.lost = nil, 0
	q.room.Broadcast()
	return events, lost
}

// end lets nobody wait any more.
func (q *eventQueue[E]) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.room.Broadcast()
}
