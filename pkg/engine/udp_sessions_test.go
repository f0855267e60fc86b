package engine

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// modelSession is a session in the plainest way.
type modelSession struct {
	server, flow     int
	session          *session
	started, expires time.Duration
	answered         bool
	assured          bool
}

// sessionModel says what the table should do. It lists sessions, the longest
// silent first.
type sessionModel struct {
	limit  int
	now    time.Duration
	all    []*modelSession
	closed [2]bool
}

func (m *sessionModel) of(server, flow int) *modelSession {
	for _, s := range m.all {
		if s.server == server && s.flow == flow {
			return s
		}
	}
	return nil
}

func (m *sessionModel) remove(gone func(*modelSession) bool) []*session {
	var sessions []*session
	m.all = slices.DeleteFunc(m.all, func(s *modelSession) bool {
		if gone(s) {
			sessions = append(sessions, s.session)
			return true
		}
		return false
	})
	return sessions
}

func (m *sessionModel) refresh(s *modelSession) {
	s.expires = m.now + 30*time.Second
	if s.answered && m.now > s.started+2*time.Second {
		s.assured = true
		s.expires = m.now + 120*time.Second
	}
	if i := slices.Index(m.all, s); i >= 0 {
		m.all = append(slices.Delete(m.all, i, i+1), s)
	}
}

// add returns the session that makes room.
func (m *sessionModel) add(server, flow int, s *session) (ousted *session, ok bool) {
	if m.closed[server] {
		return nil, false
	}
	if len(m.all) >= m.limit {
		i := slices.IndexFunc(m.all, func(s *modelSession) bool { return !s.assured })
		if i < 0 {
			return nil, false
		}
		ousted = m.all[i].session
		m.all = slices.Delete(m.all, i, i+1)
	}
	added := &modelSession{server: server, flow: flow, session: s, started: m.now}
	m.refresh(added)
	m.all = append(m.all, added)
	return ousted, true
}

func FuzzSessionsAreThoseOfAModel(f *testing.F) {
	f.Add([]byte("\x00\x10\x20\x30\x41\x52\x63\x74\x85\x96\xa7\xb8"))
	f.Add([]byte{0, 1, 2, 3, 4, 5, 0x21, 0x6a, 0x13, 0x77, 0xff, 0xfe, 3, 4, 0xe1, 0x1a, 9, 0xa5})
	f.Fuzz(func(t *testing.T, steps []byte) {
		model := &sessionModel{limit: 5}
		table := newSessions(model.limit, 120*time.Second)
		table.clock = func() time.Duration { return model.now }
		servers := [2]*udpServer{{sessions: map[flow]*session{}}, {sessions: map[flow]*session{}}}
		for i, step := range steps {
			takeStep(t, fmt.Sprintf("step %d (%#x)", i, step), step, model, table, servers)
		}
	})
}

// takeStep has a byte say what happens: in its lower half to whom.
func takeStep(t *testing.T, at string, step byte, model *sessionModel, table *sessions, servers [2]*udpServer) {
	server, number := int(step&1), int(step>>1&7)
	f := flow{client: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(number))}
	endpoint := netip.AddrPortFrom(netip.MustParseAddr("10.2.1.1"), uint16(number%3+1))
	expect := func(what string, got, want any) {
		if got != want {
			t.Fatalf("%s: %s: got %v, want %v", at, what, got, want)
		}
	}
	known := model.of(server, number)
	switch step >> 4 {
	case 0, 1, 2, 3, 4, 5: // a datagram of a client
		var want, idle *session
		switch {
		case known == nil:
		case known.expires <= model.now:
			idle = known.session
			model.remove(func(s *modelSession) bool { return s == known })
		default:
			want = known.session
			model.refresh(known)
		}
		got, gotIdle := table.find(servers[server], f)
		expect("found", got, want)
		expect("idle", gotIdle, idle)
		if got == nil {
			added := &session{}
			wantOusted, wantOK := model.add(server, number, added)
			ousted, ok, _ := table.add(added, servers[server], f)
			expect("taken in", ok, wantOK)
			expect("ousted", ousted, wantOusted)
			added.endpoint = endpoint
		}
	case 6, 7, 8, 9: // one of the endpoint
		if known != nil {
			known.answered = true
			model.refresh(known)
			table.heard(known.session)
		}
	case 10, 11: // time goes by
		model.now += []time.Duration{1, 3, 29, 30, 31, 90, 119, 120}[number] * time.Second
	case 12:
		want := model.remove(func(s *modelSession) bool { return s.expires <= model.now })
		expectSame(t, at+": idle", table.removeIdle(), want)
	case 13: // it ends
		if known != nil {
			model.remove(func(s *modelSession) bool { return s == known })
			expect("removed", table.remove(known.session), true)
			expect("removed again", table.remove(known.session), false)
		}
	case 14: // the service keeps one endpoint
		b := &binding{serving: []netip.AddrPort{endpoint}}
		want := model.remove(func(s *modelSession) bool { return s.server == server && s.session.endpoint != endpoint })
		expectSame(t, at+": of endpoints that are gone", table.removeFrom(servers[server], b), want)
	case 15:
		if step == 0xff || step == 0xfe { // seldom
			model.closed[server] = true
			want := model.remove(func(s *modelSession) bool { return s.server == server })
			expectSame(t, at+": of the closed socket", table.close(servers[server]), want)
		}
	}
	expect("open sessions", len(table.all), len(model.all))
	passing := 0
	for _, s := range model.all {
		if !s.assured {
			passing++
		}
	}
	expect("sessions that are not assured", table.passing.Len(), passing)
}

// expectSame compares two sets of sessions.
func expectSame(t *testing.T, what string, got, want []*session) {
	t.Helper()
	for _, s := range want {
		if !slices.Contains(got, s) {
			t.Fatalf("%s: one is missing", what)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: got %d, want %d", what, len(got), len(want))
	}
}

func TestWhenTheTableIsFullTheLongestSilentFlowThatIsNotAssuredMakesRoom(t *testing.T) {
	const s = time.Second
	// Each step is at a time, and about a flow: it comes, asks again, or is
	// answered.
	type step struct {
		at   time.Duration
		flow int
		what string
	}
	for _, test := range []struct {
		name   string
		steps  []step
		ousted int // the flow that makes room for another; -1 for none
	}{
		{"a flow that nobody answered", []step{{0, 0, "comes"}, {s, 1, "comes"}}, 0},
		{"a question that was answered, for which nobody comes again", []step{{0, 0, "comes"}, {0, 0, "is answered"}, {s, 1, "comes"}, {s, 1, "is answered"}}, 0},
		{"not one that has asked again since", []step{{0, 0, "comes"}, {0, 0, "is answered"}, {s, 1, "comes"}, {s, 1, "is answered"}, {2 * s, 0, "asks"}}, 1},
		{"not one that goes on for more than two seconds", []step{{0, 0, "comes"}, {3 * s, 0, "is answered"}, {4 * s, 1, "comes"}}, 1},
		{"though one that goes on without an answer", []step{{0, 0, "comes"}, {3 * s, 0, "asks"}, {4 * s, 1, "comes"}}, 0},
		{"none where all go on", []step{{0, 0, "comes"}, {0, 1, "comes"}, {3 * s, 0, "is answered"}, {3 * s, 1, "is answered"}}, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var now time.Duration
			table := newSessions(2, 120*time.Second)
			table.clock = func() time.Duration { return now }
			server := &udpServer{sessions: map[flow]*session{}}
			flowOf := func(n int) flow {
				return flow{client: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(n))}
			}
			all := map[int]*session{0: {}, 1: {}}
			for _, step := range test.steps {
				now = step.at
				switch step.what {
				case "comes":
					table.add(all[step.flow], server, flowOf(step.flow))
				case "asks":
					table.find(server, flowOf(step.flow))
				case "is answered":
					table.heard(all[step.flow])
				}
			}
			ousted, ok, _ := table.add(&session{}, server, flowOf(2))
			if ok != (test.ousted >= 0) || ousted != all[test.ousted] {
				t.Errorf("taken in: %v, ousted the first: %v, the second: %v", ok, ousted == all[0], ousted == all[1])
			}
		})
	}
}

func TestWhenAllSessionsAreAssuredNewClientsAreTurnedAwayAndThatIsToldOnce(t *testing.T) {
	var now time.Duration
	table := newSessions(2, time.Minute)
	table.clock = func() time.Duration { return now }
	server := &udpServer{sessions: map[flow]*session{}}
	flowOf := func(n int) flow {
		return flow{client: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(n))}
	}
	for n := range 2 {
		s := &session{}
		if _, ok, _ := table.add(s, server, flowOf(n)); !ok {
			t.Fatalf("session %d was turned away", n)
		}
		now += 2 * time.Second
		table.heard(s)
	}
	for n, wantTold := range []bool{true, false, false} {
		ousted, ok, told := table.add(&session{}, server, flowOf(10+n))
		if ousted != nil || ok || told != wantTold {
			t.Errorf("client %d: ousted %v, taken %v, told %v", n, ousted, ok, told)
		}
	}
	if !table.remove(server.sessions[flowOf(0)]) {
		t.Error("a session is not there")
	}
	if _, ok, _ := table.add(&session{}, server, flowOf(20)); !ok {
		t.Error("there is room, but a client was turned away")
	}
}
