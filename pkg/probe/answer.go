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

// Kind is the protocol of a server, as far as its answer shows it.
type Kind int

const (
	// Quiet means that the server sent nothing, or that it was not probed; the
	// zero Kind.
	Quiet Kind = iota
	// HTTP means that the server answered a request in HTTP.
	HTTP
	// TLS means that the server speaks TLS: it began a handshake, or refused to
	// answer a request in plain text.
	TLS
	// Banner means that the server sent data first, or answered in another
	// protocol.
	Banner
	// Closed means that the server closed or reset the connection at once.
	Closed
)

// String returns the kind in one word, such as "http".
func (k Kind) String() string { return [...]string{"quiet", "http", "tls", "banner", "closed"}[k] }

// Answer is what a server sent on a connection.
type Answer struct {
	Kind Kind
	// Status is the status code of an HTTP response, with or without TLS; 0 if
	// there is none.
	Status int
	// Text is the Server header of an HTTP response, or the first line of a
	// banner. It is cut to 80 characters.
	Text string
}

const (
	// bannerTimeout and responseTimeout are how long a server may take to send a
	// banner or to answer a request, on a network without latency.
	bannerTimeout   = 200 * time.Millisecond
	responseTimeout = 2 * time.Second
	// maxText is the maximum length of Answer.Text, in characters.
	maxText = 80
)

// readTimeout returns how long to wait for an answer of a server that answers
// within timeout, on a network where connecting took the given time. It adds one
// round trip for the answer, and three for the retransmission of one packet,
// which is TCP's initial retransmission timeout (RFC 6298, 2.2).
func readTimeout(timeout, connecting time.Duration) time.Duration {
	return timeout + min(4*connecting, responseTimeout)
}

// readAnswer identifies the server on a new connection, which took the given
// time to establish. It sends a request if the target has a scheme, and waits
// for a banner otherwise.
func readAnswer(ctx context.Context, conn net.Conn, target Target, connecting time.Duration) Answer {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	switch target.Scheme {
	case "http":
		_ = conn.SetDeadline(time.Now().Add(readTimeout(responseTimeout, connecting)))
		return sendHead(&limitedConn{conn, maxBytes}, target)
	case "https":
		_ = conn.SetDeadline(time.Now().Add(readTimeout(responseTimeout, connecting)))
		return handshake(ctx, &limitedConn{conn, maxTLSBytes}, target)
	}
	_ = conn.SetDeadline(time.Now().Add(readTimeout(bannerTimeout, connecting)))
	return readBanner(bufio.NewReader(&limitedConn{conn, maxBytes}))
}

// sendHead sends a HEAD request and reads the response.
func sendHead(conn net.Conn, target Target) Answer {
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
		return readBanner(reader)
	}
	response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodHead})
	if err != nil {
		return Answer{Kind: Banner, Text: "HTTP"}
	}
	defer response.Body.Close()
	answer := Answer{Kind: HTTP, Status: response.StatusCode, Text: truncate(response.Header.Get("Server"))}
	if rest, _ := reader.Peek(maxText); response.StatusCode == http.StatusBadRequest && strings.Contains(string(rest), "HTTPS") {
		answer.Kind = TLS // the response of Go and nginx to plain HTTP on a TLS port
	}
	return answer
}

// handshake starts TLS, accepts any certificate, and sends a request.
func handshake(ctx context.Context, conn net.Conn, target Target) Answer {
	// The request is not secret, and the response is not trusted.
	client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: target.Host})
	err := client.HandshakeContext(ctx)
	var plain tls.RecordHeaderError
	switch {
	case err == nil:
		answer := sendHead(client, target)
		return Answer{Kind: TLS, Status: answer.Status, Text: answer.Text}
	case errors.As(err, &plain) && string(plain.RecordHeader[:]) == "HTTP/":
		return Answer{Kind: HTTP}
	case errors.As(err, &plain):
		return Answer{Kind: Banner, Text: truncate(string(plain.RecordHeader[:]))}
	case isClosed(err):
		return Answer{Kind: Closed}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return Answer{}
	}
	return Answer{Kind: TLS} // the server refused the handshake with an alert
}

// readBanner returns the first line that the server sends.
func readBanner(reader *bufio.Reader) Answer {
	_, err := reader.Peek(1)
	if err != nil {
		if isClosed(err) {
			return Answer{Kind: Closed}
		}
		return Answer{}
	}
	data, _ := reader.Peek(reader.Buffered())
	line, _, _ := strings.Cut(string(data), "\n")
	return Answer{Kind: Banner, Text: truncate(strings.TrimSpace(line))}
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || classify(err).Outcome == Refused
}

func truncate(text string) string {
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText])
	}
	return text
}
