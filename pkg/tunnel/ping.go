package tunnel

import (
	"errors"
	"time"
)

const (
	// unsure is the number of frames after which a pod that does not read keeps
	// a node from answering pings: a worker of its SPDY library queues 50.
	unsure = 32
	// stallLimit is when a tunnel is given up that may wait for its pod to read.
	stallLimit = 15 * time.Minute
	// workers is how many goroutines hand out frames in the SPDY library of
	// nodes: data by the number of its stream, pings in turn.
	workers = 5
	// doubtLimit is how long a node may take to answer pings to all of them, and
	// lastDoubt how long the last may be behind the others.
	doubtLimit = 5 * time.Second
	lastDoubt  = 250 * time.Millisecond
)

// keepAlive asks for an answer when nothing is heard for a third of the limit,
// and ends the session when none comes. Load balancers, too, see that the
// tunnel is used.
//
// A worker of the node that waits for a pod to read holds every fifth ping back,
// and when its queue is full, all. So two pings are sent at least before the
// limit, and a session that has sent so much data since it last heard anything
// has longer.
func (s *session) keepAlive() {
	every := time.NewTicker(s.limit / 5)
	defer every.Stop()
	for {
		select {
		case <-s.done:
			return
		case pong := <-s.pongs:
			s.control(func(out []byte) []byte { return appendPing(out, pong) })
			continue
		case <-every.C:
		}
		if s.blocked.Load() { // it is we who do not read
			s.hear()
			continue
		}
		silent := time.Since(s.born) - time.Duration(s.heard.Load())
		if silent < s.limit/3 {
			continue
		}
		limit := s.limit
		if s.unheard.Load() >= unsure || s.sending.Load() {
			limit = stallLimit
		}
		if silent > limit {
			s.end(s.lost("the tunnel is dead", errors.New("no answer to pings")))
			return
		}
		if !s.sending.Load() {
			s.control(s.ping)
		}
	}
}

// ping adds a ping of our own; s.mu is held.
func (s *session) ping(out []byte) []byte {
	s.pings += 2
	return appendPing(out, s.pings-1)
}

// doubt asks whether all workers of the node are free. One is not, for ever, if
// it has data for a connection that ended without reading it: containerd 1.6
// drops such streams without a word to the library. What uses that worker
// next would hang.
func (s *session) doubt() {
	s.control(func(out []byte) []byte {
		for range workers {
			out = s.ping(out)
			s.doubts[s.pings-1] = true
		}
		if s.doubting != nil {
			s.doubting.Stop()
		}
		s.doubting = time.AfterFunc(doubtLimit, func() { s.dialer.retireSession(s) })
		return out
	})
}

// pong is an answer to a ping of ours.
func (s *session) pong(id uint32) {
	s.mu.Lock()
	asked := s.doubts[id]
	delete(s.doubts, id)
	last := asked && len(s.doubts) == 0
	switch {
	case last:
		s.doubting.Stop()
	case asked && len(s.doubts) == 1:
		s.doubting.Reset(lastDoubt)
	}
	s.mu.Unlock()
	if last {
		s.dialer.cleared(s)
	}
}
