package local

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// peekedConn is a connection of which something was read already.
type peekedConn struct {
	*pipeEnd
	reader *bufio.Reader
	from   *caller
	closed func()
}

func (c *peekedConn) Read(b []byte) (int, error) { return c.reader.Read(b) }

func (c *peekedConn) Close() error {
	c.closed()
	return c.pipeEnd.Close()
}

// handedListener takes the connections on which HTTP is spoken.
type handedListener struct{ answers *answers }

func (l handedListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.answers.handed:
		return conn, nil
	case <-l.answers.done:
		return nil, net.ErrClosed
	}
}

func (l handedListener) Close() error   { return nil }
func (l handedListener) Addr() net.Addr { return l.answers.udp.LocalAddr() }

// callerKey is that of the target in the context of a request.
type callerKey struct{}

func (a *answers) newHTTP() *http.Server {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           http.HandlerFunc(answerHTTP),
		Protocols:         protocols,
		ReadHeaderTimeout: time.Minute,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			if peeked, ok := conn.(*peekedConn); ok {
				return context.WithValue(ctx, callerKey{}, peeked.from)
			}
			return ctx
		},
	}
}

// answerHTTP says which way a request came.
func answerHTTP(w http.ResponseWriter, r *http.Request) {
	from, _ := r.Context().Value(callerKey{}).(*caller)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if from == nil || from.probe {
		_, _ = io.WriteString(w, "ok\n")
		return
	}
	_, _ = fmt.Fprintf(w, "%s\n%s is a stand-in and was asked for %s %s\n",
		from.way(), from.pod, r.Method, strconv.QuoteToGraphic(r.URL.RequestURI()))
}

// looksLikeHTTP reads enough to tell a request of HTTP from other protocols.
// A client that says nothing is waited for.
func looksLikeHTTP(r *bufio.Reader) bool {
	methods := []string{"GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE ", "OPTIONS ", "CONNECT ", "TRACE ", "PRI * "}
	for n := 1; ; n++ {
		first, err := r.Peek(n)
		if err != nil {
			return false
		}
		if slices.Contains(methods, string(first)) {
			return true
		}
		if !slices.ContainsFunc(methods, func(m string) bool { return strings.HasPrefix(m, string(first)) }) {
			return false
		}
	}
}

// skipProxyHeader passes over a header of the PROXY protocol, version 1 or 2.
// (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt)
func skipProxyHeader(r *bufio.Reader) error {
	const longest = 107 // of version 1
	v2 := []byte("\r\n\r\n\x00\r\nQUIT\n")
	switch {
	case startsWith(r, []byte("PROXY ")):
		line, err := r.ReadSlice('\n')
		if err == nil && len(line) > longest {
			return fmt.Errorf("PROXY header of %d bytes", len(line))
		}
		return err
	case startsWith(r, v2):
		head, err := r.Peek(len(v2) + 4)
		if err != nil {
			return err
		}
		length := int(head[14])<<8 | int(head[15])
		_, err = r.Discard(len(head) + length)
		return err
	}
	return nil
}

// startsWith reads no more than it has to.
func startsWith(r *bufio.Reader, text []byte) bool {
	for n := 1; n <= len(text); n++ {
		if first, err := r.Peek(n); err != nil || !bytes.Equal(first, text[:n]) {
			return false
		}
	}
	return true
}
