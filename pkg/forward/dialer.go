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
	// table is the one that was followed last.
	table *route.Table
}

// patience is how long an address may take to answer that should be near.
const patience = 2 * time.Second

// NewDialer makes a dialer that reaches pods as via says.
func NewDialer(via Via, vicinity Vicinity, tunnels Tunnels) *Dialer {
	d := &Dialer{via: via, vicinity: vicinity, tunnels: tunnels, table: &route.Table{}}
	d.near.Store(via == Direct)
	return d
}

// Follow takes the cluster's table as it is now, and tells whether its pods
// are dialed by their addresses, without which there is no UDP.
func (d *Dialer) Follow(table *route.Table) (direct bool) {
	if d.via == Auto {
		d.near.Store(d.vicinity.Reaches(table))
	}
	for pod := range gonePods(d.table, table) {
		d.tunnels.Forget(pod)
	}
	d.table = table
	return d.near.Load()
}

// gonePods returns the pods that one table leads to and the next one does not.
// Endpoints that are in the same memory in both are not looked at, as most are
// when services are many; those of the next table only when some pod may be gone.
func gonePods(before, now *route.Table) map[tunnel.Pod]bool {
	stays := map[*route.Endpoint]int{} // how many, by the first
	eachPort(now, func(_ string, endpoints []route.Endpoint) { stays[&endpoints[0]] = len(endpoints) })
	gone := map[tunnel.Pod]bool{}
	eachPort(before, func(namespace string, endpoints []route.Endpoint) {
		if stays[&endpoints[0]] == len(endpoints) {
			return
		}
		for i := range endpoints {
			if endpoints[i].Pod != "" {
				gone[podOf(namespace, &endpoints[i])] = true
			}
		}
	})
	eachPort(now, func(namespace string, endpoints []route.Endpoint) {
		for i := 0; i < len(endpoints) && len(gone) > 0; i++ {
			delete(gone, podOf(namespace, &endpoints[i]))
		}
	})
	return gone
}

// eachPort calls f with the endpoints of each port that has some.
func eachPort(table *route.Table, f func(namespace string, endpoints []route.Endpoint)) {
	for i := range table.Services {
		service := &table.Services[i]
		for j := range service.Ports {
			if endpoints := service.Ports[j].Endpoints; len(endpoints) > 0 {
				f(service.Namespace, endpoints)
			}
		}
	}
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
