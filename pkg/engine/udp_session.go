package engine

import (
	"context"
	"net/netip"
	"sync"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

const (
	// queueLength and queueBytes bound what waits until an endpoint is reached.
	queueLength, queueBytes = 64, 1 << 16
	// keptLength and keptBytes bound what is kept of a flow's beginning, to be
	// told to another endpoint when the first one refuses.
	keptLength, keptBytes = 4, 2 << 10
)

// session is a flow with its way to an endpoint.
type session struct {
	server *udpServer
	// known and endpoint are guarded by the engine's sessions.
	known    known
	endpoint netip.AddrPort

	ctx    context.Context
	cancel context.CancelFunc
	// visit's endpoint changes only while to is nil.
	visit *visit
	// answered tells that the present endpoint was heard of.
	answered bool

	mu sync.Mutex
	// to is the endpoint; nil while one is looked for.
	to packets
	// waiting is for the endpoint that is looked for; kept is what the present
	// one was sent, while keeps is true.
	waiting, kept backlog
	keeps         bool
	// ended tells that the session is over, because of err.
	ended bool
	err   error
}

func newSession(server *udpServer) *session {
	s := &session{server: server, waiting: backlog{length: queueLength, bytes: queueBytes}}
	s.ctx, s.cancel = context.WithCancel(server.engine.ending)
	return s
}

// run leads the flow and stays until the session ends.
func (s *session) run(b *binding) {
	all := s.server.engine.sessions
	defer all.running.Done()
	s.visit = s.server.engine.begin(b, s.known.flow.client)
	if asked := s.known.flow.asked; asked.IsValid() {
		s.visit.access.Way.Address = netip.AddrPortFrom(asked, b.way.Address.Port())
	}
	err := s.serve()
	all.remove(s)
	s.end(err)
	if err == nil && s.visit.access.Tries > 0 {
		s.visit.arrived = true // if nothing was heard, the client wants no answer, it seems
	}
	s.visit.end(s.err)
}

// serve leads the flow to an endpoint and, unless it is to be strict, to
// another one when that fails. It returns why the last one failed; nil when
// somebody else ended the session.
func (s *session) serve() error {
	failure := errNoEndpoint
	for s.ctx.Err() == nil {
		b := s.server.binding.Load()
		s.visit.binding = b
		endpoint, ok := s.server.engine.choose(b, s.visit.access.Client, s.visit.tried)
		if !ok {
			return failure
		}
		if !s.claim(b, endpoint) {
			continue
		}
		s.visit.try(&endpoint)
		failure = s.lead()
		if s.ctx.Err() != nil {
			return nil
		}
		s.visit.failed(failure)
		if s.answered { // it ran well until now, and the others may, too
			s.visit.tried = s.visit.tried[len(s.visit.tried)-1:]
		}
		if s.strict() || scarce(failure) {
			return failure
		}
	}
	return nil
}

// claim notes which endpoint the flow goes to; false when that was taken from
// the service in the meantime.
func (s *session) claim(b *binding, endpoint route.Endpoint) bool {
	all := s.server.engine.sessions
	all.mu.Lock()
	defer all.mu.Unlock()
	s.endpoint = endpoint.Address
	now := s.server.binding.Load()
	return now == b || now.keeps(endpoint.Address)
}

// lead passes datagrams to the endpoint and back until it fails or the session
// ends.
func (s *session) lead() error {
	s.answered = false
	to, err := s.dial()
	if err != nil {
		return err
	}
	defer to.close()
	s.connect(to)
	for {
		err := to.receive(s.replied)
		if failure := s.disconnect(to, err); failure != nil {
			return failure
		}
	}
}

func (s *session) dial() (packets, error) {
	e := s.server.engine
	ctx, cancel := context.WithTimeout(s.ctx, e.options.DialTimeout)
	defer cancel()
	conn, err := e.options.Dialer.Dial(ctx, "udp", &s.visit.access.Target)
	if err != nil {
		return nil, err
	}
	if err := e.ownConnection("UDP", conn); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return e.endpointPackets(conn)
}

// connect sends what waits to an endpoint, and from now on all that comes.
func (s *session) connect(to packets) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		to.close()
		return
	}
	s.to, s.err = to, nil
	s.keeps = !s.strict()
	s.kept = backlog{length: keptLength, bytes: keptBytes}
	s.transmit(s.waiting.take())
}

// send passes datagrams of the client on, or has them wait. It does not wait
// itself.
func (s *session) send(batch []datagram) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
	case s.to == nil:
		for i := range batch {
			s.waiting.add(batch[i].data)
		}
	default:
		s.transmit(batch)
	}
}

// transmit sends to the endpoint. When that has refused an earlier datagram
// the kernel says so in place of sending the next one.
func (s *session) transmit(batch []datagram) {
	for errs := 0; len(batch) > 0; errs++ {
		n, err := s.to.send(batch)
		s.count(batch[:n])
		batch = batch[n:]
		switch {
		case err == nil:
			return
		case isUnreachable(err) && !s.strict():
			s.giveUp(err)
			for i := range batch {
				s.waiting.add(batch[i].data)
			}
			return
		case !isUnreachable(err) || errs > queueLength:
			batch = batch[1:] // cannot be sent, for its size or a firewall
		}
	}
}

// count notes what was sent, and keeps it while that is little.
func (s *session) count(batch []datagram) {
	for i := range batch {
		s.visit.sent(int64(len(batch[i].data)))
		if s.keeps && !s.kept.add(batch[i].data) {
			s.keeps, s.kept = false, backlog{}
		}
	}
}

func (s *session) strict() bool { return s.server.engine.options.Strict }

// giveUp leaves an endpoint, with what it was sent if it is still known. It is
// called with mu held.
func (s *session) giveUp(err error) {
	s.to.close()
	s.to, s.err = nil, err
	if s.keeps {
		for _, d := range s.kept.take() {
			s.waiting.add(d.data)
		}
	}
}

// disconnect leaves the endpoint after receiving has failed, and returns why.
// It returns nil when the flow stays there all the same: to conntrack, which is
// the example in strict mode, an ICMP message changes nothing.
func (s *session) disconnect(to packets, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.to != to && s.err != nil:
		return s.err
	case s.to == to && s.strict() && isUnreachable(err):
		return nil
	case s.to == to:
		s.giveUp(err)
	}
	return err
}

// replied passes datagrams of the endpoint on to the client.
func (s *session) replied(batch []datagram) {
	s.server.engine.sessions.heard(s)
	if !s.answered {
		s.answered = true
		s.visit.reached()
		s.mu.Lock()
		s.keeps, s.kept = false, backlog{}
		s.mu.Unlock()
	}
	for i := range batch {
		s.visit.received(int64(len(batch[i].data)))
	}
	s.server.socket.reply(s.known.flow, batch)
}

// end makes the session end; err is why, or nil if that is nobody's fault. It
// must be out of the table, and may have ended already.
func (s *session) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended, s.err = true, err
	s.waiting, s.kept = backlog{}, backlog{}
	s.cancel()
	if s.to != nil {
		s.to.close()
		s.to = nil
	}
}

// backlog holds copies of datagrams, as many as fit.
type backlog struct {
	length, bytes int
	held          []datagram
}

// add takes a datagram in; false when it does not fit.
func (b *backlog) add(data []byte) bool {
	if b.length == 0 || b.bytes < len(data) {
		return false
	}
	b.length--
	b.bytes -= len(data)
	b.held = append(b.held, datagram{data: append([]byte(nil), data...)})
	return true
}

// take returns what is held, and makes room again.
func (b *backlog) take() []datagram {
	held := b.held
	b.held = nil
	b.length += len(held)
	for i := range held {
		b.bytes += len(held[i].data)
	}
	return held
}
