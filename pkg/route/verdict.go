package route

import "slices"

// Action is what happens to a new connection, or to a packet of a new flow.
type Action int

const (
	// Forward sends it to one of the endpoints, chosen at random.
	Forward Action = iota
	// Refuse answers with ICMP port unreachable, also for TCP: the service has no
	// usable endpoint.
	Refuse
	// Drop sends no answer: there are endpoints, but the traffic policy excludes
	// all of them on this node.
	Drop
	// Closed means that kube-proxy does not handle the port. The node itself
	// answers, usually with a TCP reset.
	Closed
	// Unknown means that the endpoints could not be read.
	Unknown
)

// String returns the action as a word.
func (a Action) String() string {
	return [...]string{"forward", "refuse", "drop", "closed", "unknown"}[a]
}

// Verdict is what happens to a packet that arrives at a port.
type Verdict struct {
	Action Action
	// Endpoints are the usable endpoints; empty unless the action is Forward.
	Endpoints []Endpoint
	// Reason says in a few words why the packet is not forwarded; empty if it is.
	Reason string
}

// FromOutside returns the verdict for a packet from outside the cluster that
// arrives at a port of node. It follows kube-proxy in the choice of endpoints
// (k8s.io/kubernetes pkg/proxy/topology.go, CategorizeEndpoints) and in what
// happens without endpoints (pkg/proxy/nftables/proxier.go, syncProxyRules).
func (t *Table) FromOutside(node *Node, service *Service, port *Port, family Family) Verdict {
	return t.arrive(node, service, port, family, service.ExternalLocal)
}

// FromInside returns the verdict for a packet that a pod on node sends to the
// service's cluster IP.
func (t *Table) FromInside(node *Node, service *Service, port *Port, family Family) Verdict {
	return t.arrive(node, service, port, family, service.InternalLocal)
}

func (t *Table) arrive(node *Node, service *Service, port *Port, family Family, local bool) Verdict {
	switch {
	case service.Ignored != "":
		return Verdict{Action: Closed, Reason: service.Ignored}
	case !service.Has(family):
		return Verdict{Action: Closed, Reason: "service has no " + family.String()}
	}
	endpoints := ofFamily(port.Endpoints, family)
	var usable []Endpoint
	if local {
		usable = onNode(endpoints, node.Name)
	} else {
		usable = anywhere(endpoints, node)
	}
	switch {
	case len(usable) > 0:
		return Verdict{Action: Forward, Endpoints: usable}
	case local && slices.ContainsFunc(endpoints, usableSomewhere):
		return Verdict{Action: Drop, Reason: "no endpoint on this node"}
	case len(endpoints) == 0 && t.EndpointsUnknown:
		return Verdict{Action: Unknown}
	case len(endpoints) == 0:
		return Verdict{Action: Refuse, Reason: "no endpoints"}
	default:
		return Verdict{Action: Refuse, Reason: "no ready endpoint"}
	}
}

// String returns "IPv4" or "IPv6".
func (f Family) String() string {
	if f == IPv6 {
		return "IPv6"
	}
	return "IPv4"
}

// anywhere returns the endpoints that policy Cluster uses: the ready endpoints
// that topology hints allow on this node, or else all terminating endpoints
// that still serve.
func anywhere(endpoints []Endpoint, node *Node) []Endpoint {
	allowed := byHints(endpoints, node)
	usable := filter(endpoints, func(e *Endpoint) bool { return e.Ready && allowed(e) })
	if len(usable) > 0 {
		return usable
	}
	return filter(endpoints, servingTerminating)
}

// onNode returns the endpoints that policy Local uses. It ignores hints.
func onNode(endpoints []Endpoint, node string) []Endpoint {
	local := filter(endpoints, func(e *Endpoint) bool { return e.Node != "" && e.Node == node })
	if ready := filter(local, func(e *Endpoint) bool { return e.Ready }); len(ready) > 0 {
		return ready
	}
	return filter(local, servingTerminating)
}

// byHints returns a function that reports whether topology hints allow an
// endpoint on this node. Hints apply only when every ready endpoint has one and
// at least one names this node or its zone (k8s.io/kubernetes
// pkg/proxy/topology.go, topologyModeFromHints).
func byHints(endpoints []Endpoint, node *Node) func(*Endpoint) bool {
	ready := filter(endpoints, func(e *Endpoint) bool { return e.Ready })
	forNode := func(e *Endpoint) []string { return e.ForNodes }
	forZone := func(e *Endpoint) []string { return e.ForZones }
	switch {
	case hinted(ready, forNode, node.Name):
		return func(e *Endpoint) bool { return slices.Contains(e.ForNodes, node.Name) }
	case hinted(ready, forZone, node.Zone):
		return func(e *Endpoint) bool { return slices.Contains(e.ForZones, node.Zone) }
	}
	return func(*Endpoint) bool { return true }
}

func hinted(ready []Endpoint, hints func(*Endpoint) []string, wanted string) bool {
	named := false
	for i := range ready {
		h := hints(&ready[i])
		if len(h) == 0 {
			return false
		}
		named = named || slices.Contains(h, wanted)
	}
	return named
}

func usableSomewhere(e Endpoint) bool { return e.Ready || servingTerminating(&e) }

func servingTerminating(e *Endpoint) bool { return e.Serving && e.Terminating }

func ofFamily(endpoints []Endpoint, family Family) []Endpoint {
	return filter(endpoints, func(e *Endpoint) bool { return FamilyOf(e.Address.Addr()) == family })
}

// filter returns the endpoints that satisfy keep. It makes no copy when all of
// them do, which is the usual case.
func filter(endpoints []Endpoint, keep func(*Endpoint) bool) []Endpoint {
	for i := range endpoints {
		if keep(&endpoints[i]) {
			continue
		}
		kept := slices.Clone(endpoints[:i])
		for j := i + 1; j < len(endpoints); j++ {
			if keep(&endpoints[j]) {
				kept = append(kept, endpoints[j])
			}
		}
		return kept
	}
	return endpoints
}
