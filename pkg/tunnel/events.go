package tunnel

import (
	"fmt"
	"io"
)

// EventKind is what happened to a tunnel.
type EventKind string

// The kinds of events.
const (
	Opened     EventKind = "opened"      // a tunnel to the pod is open
	Ended      EventKind = "ended"       // a tunnel has ended; Err is the reason, or nil if it was closed
	DialFailed EventKind = "dial failed" // no tunnel could be opened; Err is the reason
	FellBack   EventKind = "fell back"   // the API server refuses WebSockets; Err is its answer
)

// Event is something that happened to a tunnel.
type Event struct {
	Kind EventKind
	Pod  Pod
	Err  error
}

// Stats are the counts of a Dialer.
type Stats struct {
	Tunnels     int    // open
	Idle        int    // of these, those without a connection
	Connections int    // that use tunnels and have not ended on our side
	Dials       uint64 // tunnels that were tried to open
	Failures    uint64 // of these, those that failed
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

// WriteMetrics writes the counts in the text format of Prometheus.
func (s Stats) WriteMetrics(w io.Writer) error {
	for _, m := range []struct {
		name, kind, help string
		value            uint64
	}{
		{"nodeport_tunnels_open", "gauge", "Tunnels through the API server.", uint64(s.Tunnels)},
		{"nodeport_tunnels_idle", "gauge", "Tunnels that carry no connection.", uint64(s.Idle)},
		{"nodeport_tunnel_dials_total", "counter", "Attempts to open a tunnel.", s.Dials},
		{"nodeport_tunnel_dial_failures_total", "counter", "Attempts to open a tunnel that failed.", s.Failures},
	} {
		if _, err := fmt.Fprintf(w, "# HELP %[1]s %[2]s\n# TYPE %[1]s %[3]s\n%[1]s %[4]d\n", m.name, m.help, m.kind, m.value); err != nil {
			return err
		}
	}
	return nil
}
