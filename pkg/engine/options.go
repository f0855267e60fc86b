package engine

import (
	"cmp"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// Options are what an engine is made with. The zero value serves with the
// defaults, and reaches endpoints by dialing their addresses.
type Options struct {
	// Dialer reaches endpoints; nil dials their addresses.
	Dialer Dialer
	// Strict does as kube-proxy does where the engine would do better: a
	// connection that its endpoint refuses is not tried at another one.
	Strict bool
	// ClusterIPs also opens each service's own port on its cluster IPs, as a
	// client on the first node of the table meets it.
	ClusterIPs bool
	// ListenAddresses are the addresses beyond loopback at which ports may be
	// opened; none for loopback alone. Only what a user names with an option of
	// a command belongs here, nothing from a manifest or a cluster. The engine
	// refuses to open any other, and an address in a table that is not here
	// has the state "forbidden".
	ListenAddresses []netip.Addr
	// ProxyProtocol is the version of the PROXY protocol header, 1 or 2, that
	// endpoints are told the client's address with; 0 for none.
	ProxyProtocol int
	// MaxConnections and MaxSessions bound what is open at a time, of TCP
	// connections and of UDP flows; 0 for what file descriptors allow, which is
	// never exceeded.
	MaxConnections, MaxSessions int
	// DialTimeout bounds one attempt to reach an endpoint; 0 for 10 seconds.
	DialTimeout time.Duration
	// UDPIdle is how long a UDP flow without packets keeps its endpoint; 0 for
	// the kernel's 120 seconds of a flow that was answered. One that was not, or
	// only in its beginning, keeps it for a quarter of that.
	UDPIdle time.Duration
	// Retry is how long to wait before a port is tried again that could not be
	// opened; 0 for 2 seconds.
	Retry time.Duration
	// Events is told what happens to ports and endpoints; nil for nobody. It
	// is called from several goroutines, must not block, and must not call the
	// engine, which may be at work.
	Events func(Event)
	// Access is told of each connection and UDP flow when it ends; nil for
	// nobody. It is called from several goroutines and must not block.
	Access func(*Access)
	// Metrics adds to what /metrics answers, in the text format of Prometheus; nil
	// adds nothing.
	Metrics func(io.Writer)
	// Random chooses among n endpoints, from 0 to n-1; nil for math/rand/v2.
	Random func(n int) int
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Dialer == nil {
		o.Dialer = newDirectDialer()
	}
	o.DialTimeout = cmp.Or(o.DialTimeout, 10*time.Second)
	o.UDPIdle = cmp.Or(o.UDPIdle, 120*time.Second)
	o.Retry = cmp.Or(o.Retry, 2*time.Second)
	o.ListenAddresses = slices.Clone(o.ListenAddresses)
	for i, ip := range o.ListenAddresses {
		o.ListenAddresses[i] = ip.Unmap()
	}
	if o.Random == nil {
		o.Random = rand.IntN
	}
	return o
}

// Dialer reaches endpoints.
type Dialer interface {
	// Dial connects to an endpoint. network is "tcp", "udp" or "sctp". A
	// connection that has a method CloseWrite is closed half by half, and one
	// that has SetLinger is reset where the client was. One that is Unconfirmed
	// may be refused later. One that is an io.WriterTo, and no socket, writes
	// what it receives to the client by itself, as to a TryWriter.
	Dial(ctx context.Context, network string, to *Target) (net.Conn, error)
}

// Addresser is a Dialer that reaches some endpoints as anybody would, by a TCP
// connection to an address. On Linux the engine makes that itself, and has more
// connections for its money.
type Addresser interface {
	Dialer
	// Address returns where to connect to for an endpoint by TCP; false when
	// only Dial reaches it. It is called for each connection and must not wait.
	Address(to *Target) (netip.AddrPort, bool)
}

// Unconfirmed is a connection that was returned by a Dialer before its
// endpoint has taken it, to save the time of waiting for that. When the
// endpoint refuses, reading from it fails with a RefusedError.
type Unconfirmed interface {
	net.Conn
	// Confirmed is closed when the endpoint has taken the connection. Whatever
	// is read from it says so, too.
	Confirmed() <-chan struct{}
}

// TryWriter is how the engine takes what a connection of a Dialer receives that
// is an io.WriterTo.
type TryWriter interface {
	io.Writer
	// TryWrite writes as much as it can without waiting and returns how many
	// bytes that were; what it fails with, Write meets next. It may be called from
	// any goroutine after the first Write, but not while another call of either
	// goes on.
	TryWrite(p []byte) int
}

// RefusedError is what an Unconfirmed connection fails with that its endpoint
// refuses: of what was written nothing was heard by anybody. The engine tries
// another endpoint then, with what the client has said up to 64 KiB.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns what the endpoint was refused with.
func (e *RefusedError) Unwrap() error { return e.Err }

// Way is the way of a packet up to the service: what it asked and whom it met.
type Way struct {
	Namespace, Service string
	// PortName is empty for the only port of a service that does not name it.
	PortName string
	// Protocol is "TCP", "UDP" or "SCTP".
	Protocol string
	// NodePort and Port are the service's two ports. Inside tells that the
	// client asked the latter, on the cluster IP.
	NodePort, Port uint16
	Inside         bool
	// HealthCheck tells that NodePort is the service's health check node port,
	// where the engine itself answers.
	HealthCheck bool
	// Node is the name of the node that was asked.
	Node string
	// Address is the one on which the engine listens for it, under the number of
	// NodePort unless the table has it opened under another.
	Address netip.AddrPort
}

// Target is an endpoint that was chosen for a client.
type Target struct {
	Way      Way
	Client   netip.AddrPort
	Endpoint route.Endpoint
}

// EventKind says what happened.
type EventKind int

const (
	// PortOpened tells: Way.Address takes connections now.
	PortOpened EventKind = iota
	// PortClosed tells: Way.Address takes none any more; Event.Reason says why.
	PortClosed
	// PortFailed tells: Way.Address cannot be opened, for Event.Err. It is tried again.
	PortFailed
	// PortUnsupported tells: no socket of this kind can be had here, for Event.Err.
	PortUnsupported
	// PortForbidden reports that Way.Address is not opened, because the options
	// do not allow it: Event.Err is a NotAllowedError. It is not tried again.
	PortForbidden
	// EndpointFailed tells: Event.Endpoint could not be reached, for Event.Err. Told
	// when it starts to fail, not for each connection.
	EndpointFailed
	// EndpointRecovered tells: an endpoint that failed was reached again.
	EndpointRecovered
	// LimitReached tells: MaxConnections or MaxSessions turns clients away.
	LimitReached
)

// Event is something that happened to a port or to an endpoint.
type Event struct {
	Kind     EventKind
	Way      Way
	Endpoint netip.AddrPort
	Reason   string
	Err      error
}

// Access is one connection, or one UDP flow, that has ended.
type Access struct {
	Target
	Started time.Time
	// Dial is how long the endpoint took to be reached, Duration all of it.
	Dial, Duration time.Duration
	// Sent and Received are the bytes that went to the endpoint and came from it.
	Sent, Received int64
	// Tries counts the endpoints that were tried; 1 when the first answered.
	Tries int
	// Err is why it ended otherwise than by both sides' will; nil if it did not.
	Err error
}
