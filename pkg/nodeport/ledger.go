package nodeport

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Ledger tells who has which port: services, to which the API server gave it
// or that ask for it, and pods that open it on their nodes, of which the API
// server knows nothing when it gives a port away.
type Ledger struct {
	// Range is the API server's; that of a Ledger is never zero.
	Range Range
	// Holders are the services, by port.
	Holders map[int32][]Holder
	// Hosts are the pods, by port.
	Hosts map[int32][]Host
}

// Host is a workload, or a pod without one, whose pods open a port on their nodes.
type Host struct {
	Kind, Namespace, Name string
	Protocol              corev1.Protocol
	// Network tells that the pods are on the host's network.
	Network bool
	// Pods is how many pods open it; 0 when only the template of pods is known.
	Pods int
}

// NewLedger returns the ledger of a range, the default one when r is zero, in
// which services stand. Pods are added by Open.
func NewLedger(r Range, services []*corev1.Service) *Ledger {
	return &Ledger{Range: r.OrDefault(), Holders: Holders(services), Hosts: map[int32][]Host{}}
}

// Open notes the ports that pods of a spec open on their nodes. Those of one
// workload, which who names, become one Host.
func (l *Ledger) Open(who Host, spec *corev1.PodSpec) {
	for _, port := range HostPorts(spec) {
		host := who
		host.Protocol, host.Network = port.Protocol, port.Network
		hosts := l.Hosts[port.Port]
		same := slices.IndexFunc(hosts, func(h Host) bool {
			h.Pods = host.Pods
			return h == host
		})
		if same >= 0 {
			hosts[same].Pods += host.Pods
			continue
		}
		l.Hosts[port.Port] = append(hosts, host)
	}
}

// Taken tells whether somebody has a port. To choose one that a pod opens would
// take the pod's traffic away, although the API server allows it.
func (l *Ledger) Taken(port int32) bool { return len(l.Holders[port]) > 0 || len(l.Hosts[port]) > 0 }

// Collides tells whether a port is wanted by several services, whatever their
// protocols, or by a service and by pods on their nodes for the same protocol.
// What one service does with its own ports is not looked at.
func (l *Ledger) Collides(port int32) bool {
	holders := l.Holders[port]
	for _, holder := range holders {
		if holder.Namespace != holders[0].Namespace || holder.Name != holders[0].Name {
			return true
		}
		for _, host := range l.Hosts[port] {
			if host.Protocol == holder.Protocol {
				return true
			}
		}
	}
	return false
}

// Band is a part of the range.
type Band int

const (
	// Outside is no part of it.
	Outside Band = iota
	// Static is the part that is left to people.
	Static
	// Dynamic is the part that automatic allocation draws from.
	Dynamic
)

// String names the band in one word.
func (b Band) String() string { return [...]string{"outside", "static", "dynamic"}[b] }

// BandOf tells in which part of the range a port is.
func (l *Ledger) BandOf(port int32) Band {
	static, dynamic := l.Range.Bands()
	switch {
	case static.Last != 0 && static.Contains(port):
		return Static
	case dynamic.Contains(port):
		return Dynamic
	}
	return Outside
}

// Ports are those that services hold, in or outside of the range, and those of
// the range that pods open, in order.
func (l *Ledger) Ports() []int32 {
	var ports []int32
	for port := range l.Holders {
		ports = append(ports, port)
	}
	for port := range l.Hosts {
		if len(l.Holders[port]) == 0 && l.Range.Contains(port) {
			ports = append(ports, port)
		}
	}
	slices.Sort(ports)
	return ports
}

// Free is [Free] in the ledger's range.
func (l *Ledger) Free(n int) []int32 { return Free(l.Range, l.Taken, n) }

// Suggest is [Suggest] in the ledger's range.
func (l *Ledger) Suggest(namespace, name string) (port int32, ok bool) {
	return Suggest(l.Range, l.Taken, namespace, name)
}
