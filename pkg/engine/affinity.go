package engine

import (
	"net/netip"
	"sync"
	"time"
)

// maxPins bounds the clients that one port on one node remembers, as
// kube-proxy does (k8s.io/kubernetes pkg/proxy/nftables/proxier.go,
// which leaves its sets at the kernel's 65535). Those beyond choose anew.
const maxPins = 65535

// affinity remembers which endpoint a client's address had. The zero value
// remembers none.
type affinity struct {
	mu   sync.Mutex
	pins map[netip.Addr]pin
	// sweepAt is the number of pins at which the expired ones are dropped, not
	// before the time of sweepAfter.
	sweepAt    int
	sweepAfter time.Time
}

type pin struct {
	endpoint netip.AddrPort
	// last is when the client last made a connection.
	last time.Time
}

// of returns the endpoint that a client had within the timeout.
func (a *affinity) of(client netip.Addr, timeout time.Duration) (netip.AddrPort, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.pins[client]
	if !ok || time.Since(p.last) >= timeout {
		return netip.AddrPort{}, false
	}
	return p.endpoint, true
}

// pin binds a client to an endpoint, from now on.
func (a *affinity) pin(client netip.Addr, endpoint netip.AddrPort, timeout time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if _, known := a.pins[client]; !known && len(a.pins) >= a.sweepAt && !now.Before(a.sweepAfter) {
		a.sweep(now, timeout)
	}
	if _, known := a.pins[client]; !known && len(a.pins) >= maxPins {
		return
	}
	if a.pins == nil {
		a.pins = map[netip.Addr]pin{}
	}
	a.pins[client] = pin{endpoint, now}
}

// sweep drops what has expired. It is next done when the pins have doubled, so
// that each pin pays for little of it, and not before a second has passed.
func (a *affinity) sweep(now time.Time, timeout time.Duration) {
	for client, p := range a.pins {
		if now.Sub(p.last) >= timeout {
			delete(a.pins, client)
		}
	}
	a.sweepAfter = now.Add(time.Second)
	a.sweepAt = min(max(2*len(a.pins), 64), maxPins)
}
