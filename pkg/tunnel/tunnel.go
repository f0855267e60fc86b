// Package tunnel connects to ports of pods through the API server, as kubectl
// port-forward does, with nothing installed in the cluster. It speaks the wire
// itself: SPDY/3.1 frames in a WebSocket, or bare where that is refused.
//
// The protocol has no flow control for streams: one that nobody reads stops
// all of its tunnel. So a connection has a tunnel of its own, of a pool for
// each pod, and shares one only beyond a cap.
package tunnel

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Pod tells which pod to connect to. The API server finds it by namespace and
// name; the UID keeps the tunnels of pods apart that have one name in turn, and
// may be empty.
type Pod struct {
	Namespace, Name string
	UID             types.UID
}

func (p Pod) String() string { return p.Namespace + "/" + p.Name }

// Options change a Dialer. The zero value of each means its default.
type Options struct {
	// MaxPerPod is how many tunnels one pod has before connections share them:
	// 32 unless told.
	MaxPerPod int
	// MaxTunnels bounds the tunnels of all pods together, but for one of each
	// pod: 128 unless told.
	MaxTunnels int
	// MaxDials is how many tunnels are being opened at a time: 16 unless told.
	MaxDials int
	// Buffer is how many bytes of a connection wait to be read before its
	// tunnel waits: 256 KiB unless told.
	Buffer int
	// Idle is when a tunnel that nobody uses is closed: after 60 seconds unless told.
	Idle time.Duration
	// DialTimeout bounds the opening of one tunnel: 30 seconds unless told.
	DialTimeout time.Duration
	// PingTimeout is when a tunnel on which nothing is heard, though asked for,
	// is given up: after 15 seconds unless told.
	PingTimeout time.Duration
	// OnEvent is called, if set, for what happens to tunnels. It must not block.
	OnEvent func(Event)
}

func (o Options) withDefaults() Options {
	set := func(value *int, fallback int) {
		if *value <= 0 {
			*value = fallback
		}
	}
	last := func(value *time.Duration, fallback time.Duration) {
		if *value <= 0 {
			*value = fallback
		}
	}
	set(&o.MaxPerPod, 32)
	set(&o.MaxTunnels, 128)
	set(&o.MaxDials, 16)
	set(&o.Buffer, 256<<10)
	last(&o.Idle, time.Minute)
	last(&o.DialTimeout, 30*time.Second)
	last(&o.PingTimeout, 15*time.Second)
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
	return o
}

// Dialer connects to pods. It may be used by many goroutines; Close ends it.
type Dialer struct {
	options  Options
	upgrader *upgrader
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	turns    chan struct{} // one for each tunnel being opened
	pools    pools
	chunks   chunks
	messages messages
}

// New returns a Dialer for an API server. All that the configuration says of
// reaching it holds: credentials and their plugins, impersonation, proxies, TLS,
// Dial. Its Timeout does not. As for kubectl, WebSockets are not tried where
// KUBECTL_PORT_FORWARD_WEBSOCKETS is false.
func New(config *rest.Config, options Options) (*Dialer, error) {
	upgrader, err := newUpgrader(config)
	if err != nil {
		return nil, fmt.Errorf("cannot prepare tunnels to the API server: %w", err)
	}
	d := &Dialer{options: options.withDefaults(), upgrader: upgrader}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.turns = make(chan struct{}, d.options.MaxDials)
	d.pools.init()
	return d, nil
}

// DialPod connects to a port of a pod. It returns when a tunnel to the pod
// stands, at once if one is idle: that the pod does not take the connection is
// known a round trip later at the earliest (see Conn). Until the context ends
// it tries again where the API server cannot be reached, and returns an *Error.
func (d *Dialer) DialPod(ctx context.Context, pod Pod, port uint16) (*Conn, error) {
	for {
		s, err := d.session(ctx, pod)
		if err != nil {
			return nil, err
		}
		if c := s.open(port); c != nil {
			return c, nil
		} // the tunnel has just ended
		d.release(s, true)
	}
}

// Forget closes the tunnels to a pod that are idle, and the others as soon as
// their connections end. It is for pods that are gone.
func (d *Dialer) Forget(pod Pod) { d.retire(pod) }

// Close ends all tunnels, and with them their connections.
func (d *Dialer) Close() error {
	d.cancel()
	for _, s := range d.closePools() {
		s.end(&Error{Kind: Closed, Pod: s.pod, Message: "the tunnels were closed"})
	}
	d.upgrader.close()
	return nil
}
