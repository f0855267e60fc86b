package probe

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
)

// unreachableError is a failure for which ICMP gave the reason.
type unreachableError struct {
	icmp ICMP
	err  error
}

func (e *unreachableError) Error() string { return e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

// classify makes a result of the error of a dialer or a connection.
func classify(err error) Result {
	result := Result{Outcome: Failed, Error: innermost(err)}
	var unreachable *unreachableError
	var timeout net.Error
	var lookup *net.DNSError
	switch {
	case errors.As(err, &unreachable):
		result.Outcome, result.ICMP = Unreachable, unreachable.icmp
	case errors.As(err, &lookup):
	case isErrno(err, syscall.ECONNREFUSED, syscall.ECONNRESET), wasRefused(err):
		result.Outcome = Refused
	case isErrno(err, syscall.ENETUNREACH, syscall.EHOSTUNREACH), hadNoRoute(err):
		result.Outcome = NoRoute
	case errors.Is(err, context.DeadlineExceeded), isErrno(err, syscall.ETIMEDOUT),
		errors.As(err, &timeout) && timeout.Timeout():
		result.Outcome = TimedOut
	}
	return result
}

func isErrno(err error, numbers ...syscall.Errno) bool {
	for _, number := range numbers {
		if errors.Is(err, number) {
			return true
		}
	}
	return false
}

// innermost is what the system said, without what was being done.
func innermost(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return strings.TrimSpace(err.Error())
		}
		err = inner
	}
}

// Parse reads an outcome from the words of a program on another machine that
// tried to connect, such as the API server's "dial tcp 10.1.11.4:30080:
// connect: connection refused". ok is false for words that tell none.
func Parse(text string) (result Result, ok bool) {
	result.Error = text
	for _, words := range []struct {
		outcome Outcome
		any     []string
	}{
		{Refused, []string{"connection refused"}},
		{NoRoute, []string{"no route to host", "network is unreachable", "host is unreachable"}},
		{TimedOut, []string{"i/o timeout", "connection timed out", "context deadline exceeded", "Client.Timeout", "TLS handshake timeout"}},
		// Whoever answers nonsense, or hangs up, has taken the connection.
		{Connected, []string{"malformed HTTP", "EOF", "connection reset", "server closed", "broken pipe", "HTTP/1.x transport connection broken",
			"bad response", "server gave HTTP response", "tls: "}},
	} {
		for _, word := range words.any {
			if strings.Contains(text, word) {
				result.Outcome = words.outcome
				return result, true
			}
		}
	}
	return result, false
}
