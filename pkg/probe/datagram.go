package probe

import (
	"context"
	"time"
)

// datagram sends one datagram and waits for what comes back. What comes back
// through ICMP tells as much as a refused connection; silence tells nothing.
func (p *Prober) datagram(ctx context.Context, target Target) Result {
	conn, result := p.connect(ctx, target)
	if conn == nil {
		return result
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	start := p.now()
	_ = conn.SetDeadline(time.Now().Add(min(p.timeout(), time.Second)))
	buffer := make([]byte, 512)
	_, err := conn.Write(payload(target))
	n := 0
	if err == nil {
		n, err = conn.Read(buffer)
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
