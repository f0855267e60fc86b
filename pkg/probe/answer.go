package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Kind is what speaks at the other end of a connection.
type Kind int

const (
	// Quiet waits for the client to begin, or was not asked; the zero Kind.
	Quiet Kind = iota
	// HTTP answered a request.
	HTTP
	// TLS took a handshake, or complained that there was none.
	TLS
	// Banner spoke first, or answered in another protocol.
	Banner
	// Closed hung up at once, or reset the connection.
	Closed
)

// String is the kind in a word.
func (k Kind) String() string { return [...]string{"quiet", "http", "tls", "banner", "closed"}[k] }

// Answer is what was heard on a connection.
type Answer struct {
	Kind Kind
	// Status is that of an HTTP answer, by TLS or without; 0 for none.
	Status int
	// Text is the server's name of an HTTP answer, or the first line of a banner.
	Text string
}

const (
	// listenFor is how long a port of an unknown protocol may take to begin, and
	// answerWithin how long an answer to a request may take, where the network
	// takes no time.
	listenFor    = 200 * time.Millisecond
	answerWithin = 2 * time.Second
	// mostText is how much of what is heard is kept.
	mostText = 80
)

// timeToHear returns how long to wait for an answer that a server gives within
// the time, over a network on which connecting took as long as given. It leaves
// one round trip for the answer, and three for one packet to be sent again: that
// is the first retransmission timeout of TCP (RFC 6298, 2.2).
func timeToHear(within, connecting time.Duration) time.Duration {
	return within + min(4*connecting, answerWithin)
}

// listen hears what answers on a connection that it took some time to make. A
// port with a scheme is asked for its page, others are left to begin by
// themselves.
func listen(ctx context.Context, conn net.Conn, target Target, connecting time.Duration) Answer {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	switch target.Scheme {
	case "http":
		_ = conn.SetDeadline(time.Now().Add(timeToHear(answerWithin, connecting)))
		return ask(&limitedConn{conn, mostBytes}, target)
	case "https":
		_ = conn.SetDeadline(time.Now().Add(timeToHear(answerWithin, connecting)))
		return handshake(ctx, &limitedConn{conn, mostTLSBytes}, target)
	}
	_ = conn.SetDeadline(time.Now().Add(timeToHear(listenFor, connecting)))
	return first(bufio.NewReader(&limitedConn{conn, mostBytes}))
}

// ask sends one request, for the headers alone, and reads the answer.
func ask(conn net.Conn, target Target) Answer {
	request := "HEAD / HTTP/1.1\r\nHost: " + target.Address() + "\r\nUser-Agent: kubectl-nodeport\r\nConnection: close\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return Answer{Kind: Closed}
	}
	reader := bufio.NewReader(conn)
	start, err := reader.Peek(5)
	switch {
	case len(start) > 0 && (start[0] == 0x15 || start[0] == 0x16):
		return Answer{Kind: TLS} // an alert, or a handshake: RFC 8446, 5.1
	case err != nil || string(start) != "HTTP/":
		return first(reader)
	}
	response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodHead})
	if err != nil {
		return Answer{Kind: Banner, Text: "HTTP"}
	}
	defer response.Body.Close()
	answer := Answer{Kind: HTTP, Status: response.StatusCode, Text: clip(response.Header.Get("Server"))}
	if rest, _ := reader.Peek(mostText); response.StatusCode == http.StatusBadRequest && strings.Contains(string(rest), "HTTPS") {
		answer.Kind = TLS // what Go's and nginx's servers say on a port for TLS
	}
	return answer
}

// handshake looks for TLS, whatever the certificate, and asks inside of it.
func handshake(ctx context.Context, conn net.Conn, target Target) Answer {
	// Nothing is sent that needs to be secret, nor is what is heard trusted.
	client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: target.Host})
	err := client.HandshakeContext(ctx)
	var plain tls.RecordHeaderError
	switch {
	case err == nil:
		answer := ask(client, target)
		return Answer{Kind: TLS, Status: answer.Status, Text: answer.Text}
	case errors.As(err, &plain) && string(plain.RecordHeader[:]) == "HTTP/":
		return Answer{Kind: HTTP}
	case errors.As(err, &plain):
		return Answer{Kind: Banner, Text: clip(string(plain.RecordHeader[:]))}
	case hungUp(err):
		return Answer{Kind: Closed}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return Answer{}
	}
	return Answer{Kind: TLS} // it refuses us, in TLS
}

// first reads the first line that a server says by itself.
func first(reader *bufio.Reader) Answer {
	_, err := reader.Peek(1)
	if err != nil {
		if hungUp(err) {
			return Answer{Kind: Closed}
		}
		return Answer{}
	}
	data, _ := reader.Peek(reader.Buffered())
	line, _, _ := strings.Cut(string(data), "\n")
	return Answer{Kind: Banner, Text: clip(strings.TrimSpace(line))}
}

func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || classify(err).Outcome == Refused
}

func clip(text string) string {
	if runes := []rune(text); len(runes) > mostText {
		return string(runes[:mostText])
	}
	return text
}
