package engine

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// flow is what the datagrams of one client have in common, at one socket.
type flow struct {
	client netip.AddrPort
	// asked is the address that the client sent to. It is set only on a socket
	// that is bound to all addresses.
	asked netip.Addr
}

// sessions are the UDP sessions of all sockets; they share a limit. A flow has
// its session for as long as the kernel's conntrack would know it
// (net/netfilter/nf_conntrack_proto_udp.c, nf_conntrack_udp_packet).
type sessions struct {
	// limit bounds how many there are; zero for no bound.
	limit int
	// lives is how long an answered flow is known after its last datagram.
	lives time.Duration
	// clock tells the time since some moment.
	clock func() time.Duration

	mu  sync.Mutex
	all map[*session]struct{}
	// passing are those that are not assured, the longest silent first.
	passing list.List
	// shortage is of flows for which others have to make room, or that are
	// turned away.
	shortage shortage

	// running are those that were started and have not ended.
	running sync.WaitGroup
}

func newSessions(limit int, lives time.Duration) *sessions {
	start := time.Now()
	return &sessions{
		limit: limit, lives: lives, all: map[*session]struct{}{},
		clock: func() time.Duration { return time.Since(start) },
	}
}

// bound sets how many there may be; zero for any number. Those that are stay.
func (t *sessions) bound(limit int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.limit = limit
}

func (t *sessions) most() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.limit
}

// known is a session as the table sees it. It is guarded by sessions.mu.
type known struct {
	server *udpServer
	flow   flow
	// started and expires are by the table's clock.
	started, expires time.Duration
	answered         bool
	// place is that among those that are not assured; nil for one that is.
	place *list.Element
}

// find returns the session of a flow and keeps it alive; nil if there is none,
// with the one, if any, that was idle for too long and is out of the table now.
func (t *sessions) find(server *udpServer, f flow) (found, idle *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := server.sessions[f]
	if s == nil {
		return nil, nil
	}
	now := t.clock()
	if s.known.expires <= now {
		t.drop(s)
		return nil, s
	}
	t.refresh(s, now)
	return s, nil
}

// add takes in the session of a flow that has none. When the table is full that
// one makes room which is silent for the longest of those that are not assured,
// as conntrack drops them early (net/netfilter/nf_conntrack_core.c, early_drop):
// answered or not, most are of one question. If all are assured, ok is false.
// told is true when that the limit is reached is to be reported.
func (t *sessions) add(s *session, server *udpServer, f flow) (ousted *session, ok, told bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if server.closed {
		return nil, false, false
	}
	if t.limit > 0 && len(t.all) >= t.limit {
		told = t.shortage.note(len(t.all), time.Now())
		silent := t.passing.Front()
		if silent == nil {
			return nil, false, told
		}
		ousted = silent.Value.(*session)
		t.take(ousted)
	}
	now := t.clock()
	s.known = known{server: server, flow: f, started: now, place: t.passing.PushBack(s)}
	t.refresh(s, now)
	server.sessions[f] = s
	t.all[s] = struct{}{}
	t.running.Add(1)
	return ousted, true, told
}

// heard notes that the endpoint answered.
func (t *sessions) heard(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.has(s) {
		return
	}
	s.known.answered = true
	t.refresh(s, t.clock())
}

// remove takes a session out, if it is still in.
func (t *sessions) remove(s *session) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.has(s) {
		return false
	}
	t.drop(s)
	return true
}

// removeFrom takes those of a server out whose endpoint a binding has not.
func (t *sessions) removeFrom(server *udpServer, b *binding) []*session {
	t.mu.Lock()
	defer t.mu.Unlock()
	var gone []*session
	for _, s := range server.sessions {
		if !b.keeps(s.endpoint) {
			t.drop(s)
			gone = append(gone, s)
		}
	}
	return gone
}

// removeIdle takes those out that had no datagram for too long.
func (t *sessions) removeIdle() []*session {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock()
	var gone []*session
	for s := range t.all {
		if s.known.expires <= now {
			t.drop(s)
			gone = append(gone, s)
		}
	}
	return gone
}

// close takes all sessions of a server out, and none in from now on.
func (t *sessions) close(server *udpServer) []*session {
	t.mu.Lock()
	defer t.mu.Unlock()
	server.closed = true
	var gone []*session
	for _, s := range server.sessions {
		t.drop(s)
		gone = append(gone, s)
	}
	return gone
}

// has and what follows are called with mu held.
func (t *sessions) has(s *session) bool {
	return s.known.server != nil && s.known.server.sessions[s.known.flow] == s
}

// drop takes a session out that has ended.
func (t *sessions) drop(s *session) {
	t.take(s)
	t.shortage.ease(len(t.all))
}

// take takes a session out.
func (t *sessions) take(s *session) {
	delete(s.known.server.sessions, s.known.flow)
	t.assure(s)
	delete(t.all, s)
}

// refresh keeps a flow for a quarter of the time until it is assured: until it
// was answered and is older than two seconds, of the 120 that are usual. They
// are the kernel's nf_conntrack_udp_timeout and nf_conntrack_udp_timeout_stream.
func (t *sessions) refresh(s *session, now time.Duration) {
	lives := t.lives / 4
	if s.known.answered && now-s.known.started > t.lives/60 {
		lives = t.lives
		t.assure(s)
	}
	s.known.expires = now + lives
	if s.known.place != nil {
		t.passing.MoveToBack(s.known.place)
	}
}

// assure takes a session out of those that make room.
func (t *sessions) assure(s *session) {
	if s.known.place != nil {
		t.passing.Remove(s.known.place)
		s.known.place = nil
	}
}
