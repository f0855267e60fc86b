package engine

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// udpServer leads the datagrams that reach one socket to endpoints, client by
// client, and the replies back.
type udpServer struct {
	engine  *Engine
	socket  packets
	binding atomic.Pointer[binding]
	// sessions are guarded by those of the engine, as closed is.
	sessions map[flow]*session
	closed   bool
}

func (e *Engine) listenUDP(b *binding) (server, error) {
	socket, err := e.listenPackets(b.way.Address)
	if err != nil {
		return nil, err
	}
	s := &udpServer{engine: e, socket: socket, sessions: map[flow]*session{}}
	s.binding.Store(b)
	e.forgetting.Do(func() { go e.forgetIdleSessions() })
	go s.serve()
	return s, nil
}

// update ends the sessions whose endpoint does not serve any more, so that
// their clients' next datagrams find another. As in kube-proxy, where no
// endpoint serves at all they stay (k8s.io/kubernetes
// pkg/proxy/conntrack/cleanup.go, CleanStaleEntries), and traffic policies and
// hints do not matter to those that exist.
func (s *udpServer) update(b *binding) {
	s.binding.Store(b)
	for _, session := range s.engine.sessions.removeFrom(s, b) {
		session.end(nil)
	}
}

// close also ends the sessions: datagrams to them could not be received.
func (s *udpServer) close() {
	s.socket.close()
	for _, session := range s.engine.sessions.close(s) {
		session.end(nil)
	}
}

// keepers are the endpoints of a UDP port that keep the flows they have; nil
// for another protocol.
func keepers(port *route.Port) []netip.AddrPort {
	if port.Protocol != "UDP" {
		return nil
	}
	var serving []netip.AddrPort
	for i := range port.Endpoints {
		if port.Endpoints[i].Serving {
			serving = append(serving, port.Endpoints[i].Address)
		}
	}
	return serving
}

// keeps tells whether a flow stays with the endpoint that it has; the zero
// AddrPort when it has none so far.
func (b *binding) keeps(endpoint netip.AddrPort) bool {
	others := false
	for _, serving := range b.serving {
		if serving == endpoint {
			return true
		}
		others = others || route.FamilyOf(serving.Addr()) == route.FamilyOf(endpoint.Addr())
	}
	return !others || !endpoint.IsValid()
}

// serve takes datagrams until the socket is closed.
func (s *udpServer) serve() {
	for {
		err := s.socket.receive(s.take)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if !isUnreachable(err) { // Windows tells of clients that are gone
			time.Sleep(10 * time.Millisecond) // short of memory, most likely
		}
	}
}

// take passes datagrams on, those in a row of one flow together.
func (s *udpServer) take(batch []datagram) {
	for len(batch) > 0 {
		n := 1
		for n < len(batch) && batch[n].flow == batch[0].flow {
			n++
		}
		if session := s.session(batch[0].flow); session != nil {
			session.send(batch[:n])
		}
		batch = batch[n:]
	}
}

// session returns the one of a flow, and starts it if there is none; nil if
// there is to be none. It does not wait.
func (s *udpServer) session(f flow) *session {
	found, idle := s.engine.sessions.find(s, f)
	if idle != nil {
		idle.end(nil)
	}
	b := s.binding.Load()
	switch {
	case found != nil:
		return found
	case b.verdict.Action != route.Forward || f.client.Port() == 0: // nothing can be sent to port 0
		return nil
	}
	started := newSession(s)
	ousted, ok, told := s.engine.sessions.add(started, s, f)
	if ousted != nil {
		ousted.end(&LimitError{s.engine.sessions.most()})
	}
	if told {
		s.engine.tell(Event{Kind: LimitReached, Way: b.way, Err: &LimitError{s.engine.sessions.most()}})
	}
	if !ok {
		return nil
	}
	go started.run(b)
	return started
}

// forgetIdleSessions ends those that had no datagram for too long, so that
// they do not hold sockets until their clients return.
func (e *Engine) forgetIdleSessions() {
	ticker := time.NewTicker(max(e.sessions.lives/8, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			e.endIdleSessions()
		case <-e.ending.Done():
			return
		}
	}
}

func (e *Engine) endIdleSessions() {
	for _, session := range e.sessions.removeIdle() {
		session.end(nil)
	}
}

// udpNetwork is the one of an address, so that one for all IPv6 addresses
// leaves those of IPv4 alone.
func udpNetwork(at netip.AddrPort) string {
	if at.Addr().Unmap().Is4() {
		return "udp4"
	}
	return "udp6"
}
