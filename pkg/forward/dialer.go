package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
)

// Via says how endpoints are reached.
type Via int

const (
	// Auto dials pods by their addresses where that is known to lead to them,
	// and goes through the API server otherwise.
	Auto Via = iota
	// Tunnel goes through the API server.
	Tunnel
	// Direct dials addresses, also those that are no pods'.
	Direct
)

// ParseVia reads a Via as users write it.
func ParseVia(s string) (Via, error) {
	switch s {
	case "auto", "":
		return Auto, nil
	case "tunnel":
		return Tunnel, nil
	case "direct":
		return Direct, nil
	}
	return Auto, fmt.Errorf("--via is auto, tunnel or direct, not %q", s)
}

// Tunnels reach the ports of pods through the API server.
type Tunnels interface {
	DialPod(ctx context.Context, pod tunnel.Pod, port uint16) (*tunnel.Conn, error)
	// Forget tells of a pod that is gone.
	Forget(pod tunnel.Pod)
}

// Dialer reaches the endpoints of a cluster. It is an engine.Dialer.
type Dialer struct {
	via      Via
	vicinity Vicinity
	tunnels  Tunnels
	direct   net.Dialer
	// near tells that pods can be reached by their addresses.
	near atomic.Bool
	// pods are those of the table that was followed last.
	pods map[tunnel.Pod]bool
}

// patience is how long an address may take to answer that should be near.
const patience = 2 * time.Second

// NewDialer makes a dialer that reaches pods as via says.
func NewDialer(via Via, vicinity Vicinity, tunnels Tunnels) *Dialer {
	d := &Dialer{via: via, vicinity: vicinity, tunnels: tunnels}
	d.near.Store(via == Direct)
	return d
}

// Follow takes the cluster's table as it is now, and tells whether its pods
// are dialed by their addresses, without which there is no UDP.
func (d *Dialer) Follow(table *route.Table) (direct bool) {
	if d.via == Auto {
		d.near.Store(d.vicinity.Reaches(table))
	}
	pods := podsOf(table)
	for pod := range d.pods {
		if !pods[pod] {
			d.tunnels.Forget(pod)
		}
	}
	d.pods = pods
	return d.near.Load()
}

// podsOf returns the pods that a table leads to.
func podsOf(table *route.Table) map[tunnel.Pod]bool {
	pods := map[tunnel.Pod]bool{}
	for i := range table.Services {
		service := &table.Services[i]
		for j := range service.Ports {
			for _, endpoint := range service.Ports[j].Endpoints {
				if endpoint.Pod != "" {
					pods[podOf(service.Namespace, &endpoint)] = true
				}
			}
		}
	}
	return pods
}

func podOf(namespace string, endpoint *route.Endpoint) tunnel.Pod {
	return tunnel.Pod{Namespace: namespace, Name: endpoint.Pod, UID: types.UID(endpoint.PodUID)}
}

// Dial connects to an endpoint. An address that turns out to lead nowhere is
// tried through the API server, unless the user wants it direct.
func (d *Dialer) Dial(ctx context.Context, network string, to *engine.Target) (net.Conn, error) {
	if !d.near.Load() {
		return d.tunnel(ctx, network, to)
	}
	if d.via == Direct || network != "tcp" {
		return d.direct.DialContext(ctx, network, to.Endpoint.Address.String())
	}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := d.direct.DialContext(short, network, to.Endpoint.Address.String())
	if err == nil || errors.Is(err, syscall.ECONNREFUSED) {
		return conn, err
	}
	if conn, tunnelErr := d.tunnel(ctx, network, to); tunnelErr == nil {
		return conn, nil
	}
	return nil, err
}

// Address implements [engine.Addresser]: for a user who wants addresses dialed
// there is nothing else to try when one does not answer.
func (d *Dialer) Address(to *engine.Target) (netip.AddrPort, bool) {
	return to.Endpoint.Address, d.via == Direct
}

// errNoPod is that of an endpoint that no tunnel leads to.
var errNoPod = errors.New("it is no pod, and only pods are reached through the API server; --via direct dials its address")

func (d *Dialer) tunnel(ctx context.Context, network string, to *engine.Target) (net.Conn, error) {
	switch {
	case network != "tcp":
		return nil, fmt.Errorf("%s cannot pass through the API server", to.Way.Protocol)
	case to.Endpoint.Pod == "":
		return nil, errNoPod
	}
	conn, err := d.tunnels.DialPod(ctx, podOf(to.Way.Namespace, &to.Endpoint), to.Endpoint.Address.Port())
	if err != nil {
		return nil, err
	}
	return unconfirmed{conn}, nil
}
