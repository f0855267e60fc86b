package probe

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
)

// unreachableError is an error whose reason an ICMP message gives.
type unreachableError struct {
	icmp ICMP
	err  error
}

func (e *unreachableError) Error() string { return e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

// classify returns the result for an error of a dialer or a connection.
func classify(err error) Result {
	result := Result{Outcome: Failed, Error: innermost(err)}
	var unreachable *unreachableError
	var timeout net.Error
	var lookup *net.DNSError
	switch {
	case errors.As(err, &unreachable):
		result.Outcome, result.ICMP = Unreachable, unreachable.icmp
	case errors.As(err, &lookup):
	case isErrno(err, syscall.ECONNREFUSED, syscall.ECONNRESET), isRefused(err):
		result.Outcome = Refused
	case isErrno(err, syscall.ENETUNREACH, syscall.EHOSTUNREACH), isNoRoute(err):
		result.Outcome = NoRoute
	case errors.Is(err, context.DeadlineExceeded), isErrno(err, syscall.ETIMEDOUT),
		errors.As(err, &timeout) && timeout.Timeout():
		result.Outcome = TimedOut
	}
	return result
}

// isErrno reports whether err is one of the error numbers.
func isErrno(err error, numbers ...syscall.Errno) bool {
	for _, number := range numbers {
		if errors.Is(err, number) {
			return true
		}
	}
	return false
}

// innermost returns the message of the operating system, without the operation
// and the addresses that the wrapping errors add.
func innermost(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return strings.TrimSpace(err.Error())
		}
		err = inner
	}
}

// Parse returns the result that an error message describes. The message comes
// from a program on another machine that tried to connect, such as the API
// server: "dial tcp 10.1.11.4:30080: connect: connection refused". ok is false
// if Parse does not know the message.
func Parse(text string) (result Result, ok bool) {
	result.Error = text
	for _, known := range []struct {
		outcome Outcome
		phrases []string
	}{
		{Refused, []string{"connection refused"}},
		{NoRoute, []string{"no route to host", "network is unreachable", "host is unreachable"}},
		{TimedOut, []string{"i/o timeout", "connection timed out", "context deadline exceeded", "Client.Timeout", "TLS handshake timeout"}},
		// A server must have accepted the connection to send an invalid answer,
		// or to close it.
		{Connected, []string{"malformed HTTP", "EOF", "connection reset", "server closed", "broken pipe", "HTTP/1.x transport connection broken",
			"bad response", "server gave HTTP response", "tls: "}},
	} {
		for _, phrase := range known.phrases {
			if strings.Contains(text, phrase) {
				result.Outcome = known.outcome
				return result, true
			}
		}
	}
	return result, false
}
