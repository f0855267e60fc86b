// Package probe connects to ports to find out whether they accept connections,
// what refuses them, and which protocol the server speaks.
//
//	prober := probe.Prober{Timeout: time.Second}
//	results := prober.Probe(ctx, []probe.Target{{Network: "tcp", Host: "10.1.11.4", Port: 30033}})
//
// It connects as an ordinary client does, needs no privileges, and sends at most
// one small request per connection.
package probe

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Target is a port to probe.
type Target struct {
	// Network is "tcp" or "udp".
	Network string
	// Host is an IP address or a DNS name.
	Host string
	Port uint16
	// Scheme is the protocol of the request to send: "http" or "https" for TCP,
	// "dns" for UDP. With any other value, a TCP port is sent nothing, and a UDP
	// port an empty line.
	Scheme string
}

// Address returns the target's host and port, as [net.Dial] takes them.
func (t Target) Address() string { return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port))) }

// Outcome is the outcome of an attempt to connect.
type Outcome int

const (
	// Untried means that there was no attempt; the zero Outcome.
	Untried Outcome = iota
	// Connected means that a connection was established or, for UDP, that an
	// answer arrived.
	Connected
	// Refused means a TCP reset, or a refusal whose cause the system does not
	// report.
	Refused
	// Unreachable means that an ICMP message arrived: see [Result.ICMP].
	Unreachable
	// NoRoute means that this machine has no route to the address.
	NoRoute
	// TimedOut means that nothing answered before the timeout.
	TimedOut
	// Silent means that nothing answered a datagram. The port may be open, since
	// not every server answers.
	Silent
	// Failed means that the attempt could not be made: see [Result.Error].
	Failed
)

// String returns the outcome in one or two words, such as "timed out".
func (o Outcome) String() string {
	return [...]string{"not tried", "connected", "refused", "unreachable", "no route", "timed out", "silent", "failed"}[o]
}

// Result is the result of probing one target. It is comparable.
type Result struct {
	Outcome Outcome
	// ICMP is the message of an Unreachable target; the zero value otherwise.
	ICMP ICMP
	// Took is the time until the connection was established, refused or given up.
	Took time.Duration
	// Answer is what the server sent.
	Answer Answer
	// Error is the error message of the system; empty for Connected.
	Error string
}

// ICMP is an ICMP or ICMPv6 message that reports an error.
type ICMP struct {
	Type, Code uint8
	// Offender is the sender of the message: the node, a firewall, a router, or
	// this machine.
	Offender netip.Addr
}

// Prober probes targets. The zero value is ready to use.
type Prober struct {
	// Timeout limits each attempt to connect; 0 means three seconds.
	Timeout time.Duration
	// Parallel is the maximum number of targets probed at a time; 0 means 32.
	Parallel int
	// Dial connects; nil means the operating system's network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// Probe probes all targets, Parallel at a time, and returns one result for each
// in the same order. Targets that it has not started when ctx is done are
// Untried.
func (p *Prober) Probe(ctx context.Context, targets []Target) []Result {
	results := make([]Result, len(targets))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(p.parallel(), len(targets)) {
		workers.Go(func() {
			for i := range next {
				results[i] = p.probe(ctx, targets[i])
			}
		})
	}
	for i := range targets {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	workers.Wait()
	return results
}

func (p *Prober) probe(ctx context.Context, target Target) Result {
	if target.Network == "udp" {
		return p.probeUDP(ctx, target)
	}
	conn, result := p.connect(ctx, target)
	if conn == nil {
		return result
	}
	defer conn.Close()
	result.Answer = readAnswer(ctx, conn, target, result.Took)
	return result
}

// connect establishes a connection and returns it with the result so far. The
// connection is nil when it failed or was closed at once.
func (p *Prober) connect(ctx context.Context, target Target) (net.Conn, Result) {
	start := p.now()
	conn, err := p.dialTwice(ctx, target)
	took := p.now().Sub(start)
	switch {
	case isErrno(err, syscall.ECONNRESET): // a reset means that the connection was established before
		return nil, Result{Outcome: Connected, Took: took, Answer: Answer{Kind: Closed}}
	case err != nil:
		result := classify(err)
		result.Took = took
		return nil, result
	}
	return conn, Result{Outcome: Connected, Took: took}
}

func (p *Prober) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if p.Dial != nil {
		return p.Dial(ctx, network, address)
	}
	return dial(ctx, network, address)
}

func (p *Prober) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

func (p *Prober) timeout() time.Duration {
	if p.Timeout > 0 {
		return p.Timeout
	}
	return 3 * time.Second
}

func (p *Prober) parallel() int {
	if p.Parallel > 0 {
		return p.Parallel
	}
	return 32
}
