package tunnel

// EventKind says what happened to a tunnel.
type EventKind string

// What happens to tunnels.
const (
	Opened     EventKind = "opened"      // a tunnel to the pod stands
	Ended      EventKind = "ended"       // it is gone; Err says why unless it was idle
	DialFailed EventKind = "dial failed" // none could be opened, as Err says
	FellBack   EventKind = "fell back"   // the API server takes no WebSockets; Err is what it said
)

// Event is something that happened to a tunnel.
type Event struct {
	Kind EventKind
	Pod  Pod
	Err  error
}

// Stats are counts of a Dialer.
type Stats struct {
	Tunnels     int    // that stand
	Idle        int    // of these, without a connection
	Connections int    // that use them
	Dials       uint64 // tunnels ever begun
	Failures    uint64 // of these, failed
	Transport   string // how the last tunnel was opened: "websocket" or "spdy"; "" before the first
}

// Stats returns the counts as they are now.
func (d *Dialer) Stats() Stats {
	d.pools.mu.Lock()
	defer d.pools.mu.Unlock()
	stats := Stats{Dials: d.pools.dials, Failures: d.pools.failures, Transport: string(d.upgrader.last())}
	for _, p := range d.pools.byPod {
		stats.Tunnels += len(p.sessions)
		stats.Idle += len(p.idle)
		for s := range p.sessions {
			stats.Connections += s.users
		}
	}
	return stats
}
