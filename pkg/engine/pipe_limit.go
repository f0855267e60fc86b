package engine

import "sync/atomic"

// pipeLimit bounds the pipes of all connections of an engine, so that long
// streams do not take the descriptors that other clients need. The zero value
// is any number.
type pipeLimit struct{ open, most atomic.Int64 }

func (l *pipeLimit) bound(most int) { l.most.Store(int64(most)) }

// take registers a pipe that is to be opened; false when there are too many.
func (l *pipeLimit) take() bool {
	most := l.most.Load()
	if n := l.open.Add(1); most > 0 && n > most {
		l.open.Add(-1)
		return false
	}
	return true
}

// give registers that a pipe was closed.
func (l *pipeLimit) give() { l.open.Add(-1) }
