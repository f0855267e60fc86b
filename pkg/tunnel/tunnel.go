// Package tunnel connects to ports of pods through the API server, as kubectl
// port-forward does, with nothing installed in the cluster.
//
//	d, err := tunnel.New(config, tunnel.Options{})
//	…
//	defer d.Close()
//	conn, err := d.DialPod(ctx, tunnel.Pod{Namespace: "default", Name: "web"}, 8080)
//
// A tunnel is a SPDY/3.1 session with the kubelet of the pod's node, carried by a
// WebSocket, or by the bare connection where the API server refuses WebSockets.
// SPDY as Kubernetes uses it has no flow control for streams: one that nobody
// reads blocks all others of its session. So each connection has a tunnel of
// its own, from a pool for each pod, and connections share tunnels only above a
// limit.
//
// The layers, from the outside in:
//
//   - [Dialer] keeps the pools: which tunnel a connection uses, when tunnels are
//     opened and ended (pool*.go, dial.go);
//   - upgrader turns a request to the API server into a carrier of bytes
//     (upgrade.go);
//   - session is one tunnel: its queue, its connections, its health (session*.go,
//     keepalive.go, probe.go);
//   - [Conn] is one connection, in one phase at a time (conn*.go, phase.go);
//   - internal/spdy and internal/websocket are the frames on the wire.
//
// Everything that the other side can make this package hold is bounded: see
// maxQueued, maxReason, maxDropped, Options.Buffer and maxMessage.
package tunnel

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Pod names a pod to connect to. The API server finds it by namespace and name.
// The UID, which may be empty, separates the tunnels of pods that have the same
// name one after the other.
type Pod struct {
	Namespace, Name string
	UID             types.UID
}

func (p Pod) String() string { return p.Namespace + "/" + p.Name }

// Options configure a Dialer. A zero value means the default.
type Options struct {
	// MaxPerPod is the number of tunnels that a pod has before its connections
	// share them. The default is 32.
	MaxPerPod int
	// MaxTunnels limits the tunnels of all pods together, except for one of each
	// pod. The default is 128.
	MaxTunnels int
	// MaxDials is the number of tunnels that are opened at the same time. The
	// default is 16.
	MaxDials int
	// Buffer is the number of bytes of a connection that may wait to be read before
	// its tunnel blocks. The default is 256 KiB.
	Buffer int
	// Idle is how long a tunnel without connections stays open. The default is 60
	// seconds.
	Idle time.Duration
	// DialTimeout limits how long one tunnel takes to open. The default is 30
	// seconds.
	DialTimeout time.Duration
	// PingTimeout is how long a tunnel may be silent although it was pinged. The
	// default is 15 seconds.
	PingTimeout time.Duration
	// OnEvent is called, if set, for everything that happens to tunnels. It must
	// not block.
	OnEvent func(Event)
}

func (o Options) withDefaults() Options {
	count := func(value *int, fallback int) {
		if *value <= 0 {
			*value = fallback
		}
	}
	duration := func(value *time.Duration, fallback time.Duration) {
		if *value <= 0 {
			*value = fallback
		}
	}
	count(&o.MaxPerPod, 32)
	count(&o.MaxTunnels, 128)
	count(&o.MaxDials, 16)
	count(&o.Buffer, 256<<10)
	duration(&o.Idle, time.Minute)
	duration(&o.DialTimeout, 30*time.Second)
	duration(&o.PingTimeout, 15*time.Second)
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
	return o
}

// Dialer connects to pods. It may be used by many goroutines. Close ends it.
type Dialer struct {
	options   Options
	upgrader  *upgrader
	ctx       context.Context // ends with Close
	cancel    context.CancelFunc
	dialSlots chan struct{} // holds one value for each tunnel that is being opened
	pools     pools
	chunks    chunkPool
	messages  messagePool
}

// New returns a Dialer for an API server. It uses everything in the configuration
// that concerns the connection: credentials and their plugins, impersonation,
// proxies, TLS, Dial; but not Timeout. As with kubectl, WebSockets are not tried
// if KUBECTL_PORT_FORWARD_WEBSOCKETS is false.
func New(config *rest.Config, options Options) (*Dialer, error) {
	upgrader, err := newUpgrader(config)
	if err != nil {
		return nil, fmt.Errorf("cannot prepare tunnels to the API server: %w", err)
	}
	d := &Dialer{options: options.withDefaults(), upgrader: upgrader}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.dialSlots = make(chan struct{}, d.options.MaxDials)
	d.pools.init()
	return d, nil
}

// DialPod connects to a port of a pod. It returns when a tunnel to the pod is
// open, at once if one is idle. If the pod does not accept the connection, that
// is known a round trip later at the earliest (see Conn). While the API server is
// unreachable, DialPod tries again until the context ends. Its errors are of type
// *Error.
func (d *Dialer) DialPod(ctx context.Context, pod Pod, port uint16) (*Conn, error) {
	for {
		s, err := d.session(ctx, pod)
		if err != nil {
			return nil, err
		}
		if c := s.open(port); c != nil {
			return c, nil
		} // the tunnel has just ended or become stuck
		d.release(s, true)
	}
}

// Forget ends the idle tunnels to a pod, and the others as soon as their
// connections end. It is for pods that are gone.
func (d *Dialer) Forget(pod Pod) { d.retirePod(pod) }

// Close ends all tunnels, and with them their connections.
func (d *Dialer) Close() error {
	d.cancel()
	for _, s := range d.closePools() {
		s.end(&Error{Kind: Closed, Pod: s.pod, Message: "the tunnels were closed"})
	}
	d.upgrader.close()
	return nil
}
