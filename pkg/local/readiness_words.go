package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// nobodyListens begins the words for a connection that was refused.
const nobodyListens = "nobody listens at "

// wordsOf says what a look at a pod has met.
func wordsOf(err error) string {
	const wsaECONNREFUSED = syscall.Errno(10061) // Windows has numbers of its own
	var dial *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "it does not answer in time"
	case errors.As(err, &dial) && dial.Op == "dial" && (errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaECONNREFUSED)):
		return nobodyListens + dial.Addr.String()
	case errors.As(err, &dial) && dial.Op == "dial" && dial.Addr != nil:
		return fmt.Sprintf("%s cannot be reached: %s", dial.Addr, innermost(err))
	}
	return innermost(err).Error()
}

// innermost is what the system said.
func innermost(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}
