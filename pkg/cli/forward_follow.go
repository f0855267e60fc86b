package cli

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// changed serves the cluster as it is now. Its error ends the forward; what
// goes wrong after the beginning is told instead. Near adds what could be meant
// by the name of a service.
func (f *forwarding) changed(s *snapshot.Snapshot, near func(name string) string) error {
	cluster := f.tables.Table(s)
	if !f.began {
		if err := f.check(s, cluster, near); err != nil {
			return err
		}
	}
	placed, err := f.place.Table(cluster)
	if err != nil && f.began {
		f.teller.note("%v; forwarding as before", err)
		return nil
	}
	if err != nil {
		return err
	}
	if !f.dialer.Follow(cluster) {
		f.leaveOutUDP(placed)
	}
	f.engine.Execute(placed)
	f.tellEvents() // of ports that cannot be opened, before their services
	f.teller.services(placed)
	f.began = true
	return nil
}

// check refuses what was named and cannot be forwarded, and tells what is
// waited for.
func (f *forwarding) check(s *snapshot.Snapshot, table *route.Table, near func(name string) string) error {
	for _, name := range f.query.Names {
		service := s.Service(f.query.Namespace, name)
		if service == nil {
			f.teller.note("service %q not found in %s; waiting for it%s", name, f.where, near(name))
		} else if table.Service(f.query.Namespace, name) == nil {
			return noNodePort(service)
		}
	}
	for _, gap := range s.Gaps {
		switch gap.Resource {
		case "endpointslices":
			return fmt.Errorf("to forward, you must be allowed to list and watch endpointslices in %s: %w", f.where, gap.Err)
		case "nodes":
			if err := f.withoutNodes(s.Nodes, gap.Err); err != nil {
				return err
			}
		}
	}
	f.tellUnusedMaps(table)
	switch {
	case len(table.Services) > 0 || len(f.query.Names) > 0:
	case f.query.Selector != "":
		f.teller.note("no NodePort services with labels %s found in %s; waiting for one", f.query.Selector, f.where)
	default:
		f.teller.note("no NodePort services found in %s; waiting for one", f.where)
	}
	return nil
}

// withoutNodes goes on, if that can be, where the nodes may not be listed. Some
// are known of pods that may be.
func (f *forwarding) withoutNodes(known []*corev1.Node, forbidden error) error {
	f.place.NodesUnknown = true
	switch {
	case f.place.PerNode && len(known) == 0:
		return fmt.Errorf("--nodes gives every node an address, but you may not list them: %w", forbidden)
	case f.place.PerNode:
		f.teller.note("you may not list nodes: only those are served that run pods of %s now", f.where)
	case f.place.Node != "":
		f.teller.note("you may not list nodes: that node %s exists is believed, and its zone is not known", f.place.Node)
	default:
		f.teller.note("you may not list nodes: if this machine is one of them, give --via direct")
	}
	return nil
}

// tellUnusedMaps names the node ports of --map that no service has.
func (f *forwarding) tellUnusedMaps(table *route.Table) {
	for _, nodePort := range slices.Sorted(maps.Keys(f.place.Ports)) {
		if !hasNodePort(table, nodePort) {
			f.teller.note("--map %d=%d changes nothing: no service that is forwarded has node port %d", nodePort, f.place.Ports[nodePort], nodePort)
		}
	}
}

func hasNodePort(table *route.Table, nodePort uint16) bool {
	has := func(port route.Port) bool { return port.NodePort == nodePort }
	return slices.ContainsFunc(table.Services, func(s route.Service) bool { return slices.ContainsFunc(s.Ports, has) })
}

// leaveOutUDP takes away what cannot pass through the API server, and tells of
// each port once.
func (f *forwarding) leaveOutUDP(table *route.Table) {
	for i := range table.Services {
		service := &table.Services[i]
		service.Ports = slices.DeleteFunc(service.Ports, func(port route.Port) bool {
			if port.Protocol == "TCP" {
				return false
			}
			key := udpPort{service.Namespace, service.Name, port.NodePort}
			if !f.leftOut[key] {
				f.leftOut[key] = true
				f.teller.note("%d/%s of service %s is not forwarded: only TCP passes through the API server; --via direct dials pods where their addresses can be reached",
					port.NodePort, port.Protocol, service.Name)
			}
			return true
		})
	}
	table.Services = slices.DeleteFunc(table.Services, func(s route.Service) bool { return len(s.Ports) == 0 })
}

// udpPort is a port that was left out.
type udpPort struct {
	namespace, service string
	nodePort           uint16
}
