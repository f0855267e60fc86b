package tunnel

import "time"

const (
	// nodeWorkers is the number of goroutines that the SPDY library of nodes has
	// to hand out frames: it picks one for data by the number of the stream, and
	// for pings in turn.
	nodeWorkers = 5
	// probeTimeout is how long a node may take to answer the pings to all workers,
	// and lastProbeTimeout how long the last answer may come after the others.
	probeTimeout     = 5 * time.Second
	lastProbeTimeout = 250 * time.Millisecond
)

// probe sends a ping to each worker of the node to find out whether all are free.
// A worker is blocked for ever if it has data for a connection that ended without
// reading it: containerd 1.6 drops such streams without telling its library. The
// next connection that is handed to that worker would hang.
func (s *session) probe() {
	s.queue(func(queued []byte) []byte {
		for range nodeWorkers {
			s.probes[s.nextPing] = true
			queued = s.appendPingLocked(queued)
		}
		if s.probeTime != nil {
			s.probeTime.Stop()
		}
		s.probeTime = time.AfterFunc(probeTimeout, func() { s.dialer.retire(s) })
		return queued
	})
}

// pingAnswered notes the answer to a ping of ours.
func (s *session) pingAnswered(id uint32) {
	if s.probePassed(id) {
		s.dialer.probePassed(s)
	}
}

// probePassed reports whether this was the last answer that the probe needed.
func (s *session) probePassed(id uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.probes[id] {
		return false
	}
	delete(s.probes, id)
	switch len(s.probes) {
	case 0:
		s.probeTime.Stop()
		return true
	case 1:
		s.probeTime.Reset(lastProbeTimeout)
	}
	return false
}
