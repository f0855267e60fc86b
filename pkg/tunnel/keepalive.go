package tunnel

import (
	"errors"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/spdy"
)

const (
	// queueOfNode is about the number of frames after which a pod that does not
	// read keeps the node from answering pings: a worker of the node's SPDY
	// library queues 50.
	queueOfNode = 32
	// stallTimeout is how long a tunnel may be silent that may be waiting for its
	// pod to read.
	stallTimeout = 15 * time.Minute
)

// keepAlive sends a ping when nothing was received for a third of the ping
// timeout, and ends the session when nothing was received for all of it. Load
// balancers, too, see then that the tunnel is in use.
//
// If a worker of the node waits for a pod to read, it holds back every fifth
// ping, and when its queue is full, all. So at least two pings are sent within the
// timeout, and a session that has sent so much data since it last received
// anything has longer.
func (s *session) keepAlive() {
	every := time.NewTicker(s.pingTimeout / 5)
	defer every.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-every.C:
		}
		if s.readBlocked.Load() { // it is our side that does not read
			s.hear()
			continue
		}
		silent := time.Since(s.opened) - time.Duration(s.heard.Load())
		if silent < s.pingTimeout/3 {
			continue
		}
		limit := s.pingTimeout
		if s.unanswered.Load() >= queueOfNode || s.writing.Load() {
			limit = stallTimeout
		}
		if silent > limit {
			s.end(s.lost("the tunnel is dead", errors.New("no answer to pings")))
			return
		}
		if !s.writing.Load() {
			s.queue(s.appendPingLocked)
		}
	}
}

// appendPingLocked appends a ping of ours.
func (s *session) appendPingLocked(queued []byte) []byte {
	id := s.nextPing
	s.nextPing += 2
	return spdy.AppendPing(queued, id)
}
