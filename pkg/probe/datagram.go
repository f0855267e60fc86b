package probe

import (
	"context"
	"net"
	"time"
)

// datagram sends a datagram, a second time when half the time has passed in
// silence, and waits for what comes back. What comes back through ICMP tells as
// much as a refused connection; silence tells nothing.
func (p *Prober) datagram(ctx context.Context, target Target) Result {
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
		if n, err = question(conn, payload(target), buffer); err == nil || classify(err).Outcome != TimedOut {
			break
		}
	}
	if err != nil {
		result = classify(err)
		if result.Outcome == TimedOut {
			result.Outcome = Silent
		}
	} else {
		result.Answer = Answer{Kind: Banner, Text: clip(printable(buffer[:n]))}
	}
	result.Took = p.now().Sub(start)
	return result
}

// question sends a datagram and reads the answer.
func question(conn net.Conn, datagram, answer []byte) (int, error) {
	if _, err := conn.Write(datagram); err != nil {
		return 0, err
	}
	return conn.Read(answer)
}

// payload is what a server of the protocol answers, or else an empty line.
func payload(target Target) []byte {
	if target.Scheme != "dns" {
		return []byte("\n")
	}
	// A question for the name servers of the root (RFC 1035, 4.1).
	return []byte{0x6e, 0x70, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1}
}

// printable leaves out what is not text.
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
