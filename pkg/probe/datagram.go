package probe

import (
	"context"
	"net"
	"time"
)

// probeUDP sends a datagram and waits for an answer. Without one it sends the
// datagram again after half of the timeout, since the first one may be lost. An
// ICMP error is as conclusive as a refused connection; no answer proves nothing.
func (p *Prober) probeUDP(ctx context.Context, target Target) Result {
	conn, result := p.connect(ctx, target)
	if conn == nil {
		return result
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	start := p.now()
	buffer := make([]byte, 512)
	n, err := 0, error(nil)
	for range 2 {
		_ = conn.SetDeadline(time.Now().Add(min(p.timeout(), time.Second) / 2))
		if n, err = exchange(conn, payload(target), buffer); err == nil || classify(err).Outcome != TimedOut {
			break
		}
	}
	if err != nil {
		result = classify(err)
		if result.Outcome == TimedOut {
			result.Outcome = Silent
		}
	} else {
		result.Answer = Answer{Kind: Banner, Text: truncate(printable(buffer[:n]))}
	}
	result.Took = p.now().Sub(start)
	return result
}

// exchange sends a datagram and reads one datagram into answer. It returns the
// number of bytes read.
func exchange(conn net.Conn, datagram, answer []byte) (int, error) {
	if _, err := conn.Write(datagram); err != nil {
		return 0, err
	}
	return conn.Read(answer)
}

// payload returns a datagram that servers of the target's protocol answer, or an
// empty line for an unknown protocol.
func payload(target Target) []byte {
	if target.Scheme != "dns" {
		return []byte("\n")
	}
	// A query for the name servers of the root zone (RFC 1035, 4.1).
	return []byte{0x6e, 0x70, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1}
}

// printable returns the first run of printable ASCII characters in data.
func printable(data []byte) string {
	var text []byte
	for _, b := range data {
		if b >= ' ' && b <= '~' {
			text = append(text, b)
		} else if len(text) > 0 {
			break
		}
	}
	return string(text)
}
