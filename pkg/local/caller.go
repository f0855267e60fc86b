package local

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// caller is for whom a connection to a pod is made.
type caller struct {
	pod snapshot.Ref
	// probe tells that it is the run itself, which looks whether the pod is ready.
	probe bool
	// target is what the engine chose for a client.
	target engine.Target
	// service is the service's own address, as the manifests have it; zero for
	// a service without one.
	service netip.AddrPort
}

// callerOf is the client for whom the engine connects.
func (s *state) callerOf(to *engine.Target) *caller {
	c := &caller{pod: podOf(to), target: *to}
	if service := s.snapshot.Service(to.Way.Namespace, to.Way.Service); service != nil {
		if ip, err := netip.ParseAddr(service.Spec.ClusterIP); err == nil {
			c.service = netip.AddrPortFrom(ip, to.Way.Port)
		}
	}
	return c
}

func podOf(to *engine.Target) snapshot.Ref {
	return snapshot.Ref{Kind: "Pod", Namespace: to.Way.Namespace, Name: to.Endpoint.Pod}
}

// way writes the way of a connection, in the order in which it went.
func (c *caller) way() string {
	to := &c.target
	steps := []string{"client " + to.Client.String()}
	if !to.Way.Inside {
		steps = append(steps, fmt.Sprintf("node %s %s", to.Way.Node, to.Way.Address))
	}
	service := "service " + to.Way.Service
	if c.service.IsValid() {
		service += " " + c.service.String()
	}
	pod := fmt.Sprintf("pod %s %s", to.Endpoint.Pod, to.Endpoint.Address)
	if to.Endpoint.Node != "" {
		pod += " on " + to.Endpoint.Node
	}
	return strings.Join(append(steps, service, pod), " → ")
}
