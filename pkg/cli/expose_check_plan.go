package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/platform"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// What is tried at most: a look at a service is no load test.
const (
	mostWalks    = 128
	mostNodes    = 8
	mostPods     = 4
	mostDeclared = 8
)

// liveOptions say what of the network is asked.
type liveOptions struct {
	// nodes are the only ones to try; none for some of all.
	nodes []string
	// addressTypes are the types of node addresses to try; none for all.
	addressTypes []string
	timeout      time.Duration
}

// walks asks the network about services, and returns what permission is
// missing for more.
func (o *exposeCheckOptions) walks(ctx context.Context, c *cluster.Cluster, s *snapshot.Snapshot, table *route.Table,
	services []*corev1.Service) ([]check.Walk, []snapshot.Gap, error) {
	if err := o.network.known(table, s); err != nil {
		return nil, nil, err
	}
	walks := o.plan(s, table, services)
	if len(walks) == mostWalks {
		o.say("note: the network is asked at %d ports, the first of those that were found; name services for others", mostWalks)
	}
	prober := &probe.Prober{Timeout: o.network.timeout}
	w := &walker{
		cluster: c, here: prober.Probe, timeout: o.network.timeout,
		declared: func(namespace, pod string) []uint16 { return declaredPorts(s.Pod(namespace, pod)) },
	}
	w.walk(ctx, walks)
	var gaps []snapshot.Gap
	for _, resource := range []string{"nodes/proxy", "pods/proxy", "pods/portforward"} {
		if err := w.missing[resource]; err != nil {
			gaps = append(gaps, snapshot.Gap{Resource: resource, Err: err})
		}
	}
	return walks, gaps, ctx.Err()
}

// known is an error when a node was named that there is none of.
func (o *liveOptions) known(table *route.Table, s *snapshot.Snapshot) error {
	for _, name := range o.nodes {
		if s.Knows("nodes") && !slices.ContainsFunc(table.Nodes, func(n route.Node) bool { return n.Name == name }) {
			return fmt.Errorf("node %q not found", name)
		}
	}
	return nil
}

// plan is the ways to walk: those to some addresses and pods of each port.
func (o *exposeCheckOptions) plan(s *snapshot.Snapshot, table *route.Table, services []*corev1.Service) []check.Walk {
	on, client := platform.Detect(s.Nodes), o.client()
	var walks []check.Walk
	for _, service := range services {
		ref := snapshot.RefOf("Service", service)
		routed := table.Service(ref.Namespace, ref.Name)
		if routed == nil {
			continue
		}
		for i := range routed.Ports {
			port := &routed.Ports[i]
			if port.NodePort == 0 || len(walks) == mostWalks {
				continue
			}
			walk := check.Walk{Service: ref, Port: port}
			walk.Nodes, walk.MoreNodes = o.network.nodeHops(table, routed, port)
			walk.Pods, walk.MorePods = podHops(port)
			at := platform.Port{
				Namespace: ref.Namespace, Service: ref.Name, Protocol: corev1.Protocol(port.Protocol),
				Port: int32(port.Port), NodePort: int32(port.NodePort),
			}
			walk.Advice, walk.Firewall = on.Advice(client, at), on.Firewall(at)
			walks = append(walks, walk)
		}
	}
	return walks
}

// nodeHops are the addresses to try of the nodes that were named, or of some:
// of many, those that run pods of the port come first.
func (o *liveOptions) nodeHops(table *route.Table, service *route.Service, port *route.Port) (hops []check.NodeHop, more int) {
	var names []string
	first := map[string]route.Address{}
	all := map[string][]check.NodeHop{}
	for way := range table.Routes(service, port) {
		name := way.Node.Name
		if !o.wants(way) {
			continue
		}
		if all[name] == nil {
			names = append(names, name)
		}
		family := fmt.Sprint(name, route.FamilyOf(way.Address.IP))
		if _, seen := first[family]; !seen {
			first[family] = *way.Address
		}
		all[name] = append(all[name], check.NodeHop{
			Node: name, Address: *way.Address, First: first[family] == *way.Address, Problem: way.Node.Problem, Expect: *way.Verdict,
		})
	}
	kept := names
	if len(o.nodes) == 0 && len(names) > mostNodes {
		runs := func(name string) bool {
			return slices.ContainsFunc(port.Endpoints, func(e route.Endpoint) bool { return e.Node == name })
		}
		with := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !runs(name) })
		without := slices.DeleteFunc(slices.Clone(names), runs)
		with = with[:min(len(with), max(mostNodes/2, mostNodes-len(without)))]
		kept = append(with, without[:mostNodes-len(with)]...)
		slices.Sort(kept)
	}
	for _, name := range kept {
		hops = append(hops, all[name]...)
	}
	return hops, len(names) - len(kept)
}

// wants tells whether a way is among those that the user asked for.
func (o *liveOptions) wants(way route.Route) bool {
	return (len(o.nodes) == 0 || slices.Contains(o.nodes, way.Node.Name)) &&
		(len(o.addressTypes) == 0 || slices.Contains(o.addressTypes, way.Address.Type))
}

// podHops are the pods to try, of those that are ready: the others are not
// asked by anybody.
func podHops(port *route.Port) (hops []check.PodHop, more int) {
	for i := range port.Endpoints {
		e := &port.Endpoints[i]
		switch {
		case !e.Ready || e.Pod == "":
		case len(hops) == mostPods:
			more++
		default:
			hops = append(hops, check.PodHop{Pod: e.Pod, Node: e.Node, Address: e.Address})
		}
	}
	return hops, more
}

// declaredPorts are the TCP ports that the containers of a pod declare.
func declaredPorts(pod *corev1.Pod) []uint16 {
	var ports []uint16
	if pod == nil {
		return nil
	}
	for i := range pod.Spec.Containers {
		for _, port := range pod.Spec.Containers[i].Ports {
			if (port.Protocol == "" || port.Protocol == corev1.ProtocolTCP) && len(ports) < mostDeclared {
				ports = append(ports, uint16(port.ContainerPort))
			}
		}
	}
	return ports
}
