package engine

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// maxLoops is more than any load of a laptop keeps busy.
const maxLoops = 8

// loops are those of an engine: one for each processor that the runtime may use
// but one, for the reason of [SpareProcessor]. They are made when the first port
// is opened.
type loops struct {
	mu      sync.Mutex
	all     []*loop
	turn    atomic.Uint32
	running sync.WaitGroup
}

// get returns the loops of an engine, running. Fewer than wanted will do.
func (s *loops) get(e *Engine) ([]*loop, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) > 0 {
		return s.all, nil
	}
	processors := runtime.GOMAXPROCS(0)
	for range min(max(processors-1, 1), maxLoops) {
		l, err := newLoop(e, processors > 1)
		if err != nil && len(s.all) == 0 {
			return nil, err
		}
		if err != nil {
			break
		}
		s.running.Go(l.run)
		s.all = append(s.all, l)
	}
	return s.all, nil
}

// next returns one of the loops, in turn.
func (s *loops) next(e *Engine) (*loop, error) {
	all, err := s.get(e)
	if err != nil {
		return nil, err
	}
	return all[s.turn.Add(1)%uint32(len(all))], nil
}

// close ends the loops, which must have no connections any more, and waits for that.
func (s *loops) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.all {
		l.post(func() { l.ended = true })
	}
	s.running.Wait()
}
