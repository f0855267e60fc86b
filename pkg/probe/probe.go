// Package probe asks the network: does an address take connections at a port,
// what refuses them, and what answers. It connects as any client does, without
// privileges, and sends no more than a client would.
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

// Target is a port to try.
type Target struct {
	// Network is "tcp" or "udp".
	Network string
	// Host is an IP address or a DNS name.
	Host string
	Port uint16
	// Scheme is "http", "https" or, for datagrams, "dns" for a port that is to
	// be asked in it; one with another protocol is only listened to.
	Scheme string
}

// Address is the target as net.Dial takes it.
func (t Target) Address() string { return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port))) }

// Outcome is what became of a try.
type Outcome int

const (
	// Untried is that of a target that was not tried, the zero Outcome.
	Untried Outcome = iota
	// Connected means that a connection was made or, for UDP, that something answered.
	Connected
	// Refused means a TCP reset, or a refusal of a kind that the system does not tell.
	Refused
	// Unreachable means that ICMP told why: see [Result.ICMP].
	Unreachable
	// NoRoute means that this machine knows no way to the address.
	NoRoute
	// TimedOut means that nothing answered in time.
	TimedOut
	// Silent means that nothing answered a datagram, which need not mean anything.
	Silent
	// Failed means that the try could not be made: see [Result.Error].
	Failed
)

// String is the outcome in a word or two.
func (o Outcome) String() string {
	return [...]string{"not tried", "connected", "refused", "unreachable", "no route", "timed out", "silent", "failed"}[o]
}

// Result is what a try told. It is plain data, and comparable.
type Result struct {
	Outcome Outcome
	// ICMP is why a target is unreachable, the zero value where that is not known.
	ICMP ICMP
	// Took is how long it took to connect or to be told otherwise.
	Took time.Duration
	// Answer is what was heard on a connection.
	Answer Answer
	// Error is the system's own words for any outcome but Connected.
	Error string
}

// ICMP is a message that some machine on the way sent back.
type ICMP struct {
	Type, Code uint8
	// Offender sent it: the node, a firewall, a router, or this machine itself.
	Offender netip.Addr
}

// Prober tries targets.
type Prober struct {
	// Timeout is that of one connection; 0 for three seconds.
	Timeout time.Duration
	// Parallel is how many are tried at a time; 0 for 32.
	Parallel int
	// Dial connects; nil for the system's own.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the clock; nil for the system's.
	Now func() time.Time
}

// Probe tries all targets, some at a time, and returns a result for each. When
// ctx ends the rest is left untried.
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
		return p.datagram(ctx, target)
	}
	conn, result := p.connect(ctx, target)
	if conn == nil {
		return result
	}
	defer conn.Close()
	result.Answer = listen(ctx, conn, target, result.Took)
	return result
}

// connect makes a connection; it is nil when there is none any more.
func (p *Prober) connect(ctx context.Context, target Target) (net.Conn, Result) {
	start := p.now()
	conn, err := p.dialTwice(ctx, target)
	took := p.now().Sub(start)
	switch {
	case isErrno(err, syscall.ECONNRESET): // only a connection that was made is reset
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
