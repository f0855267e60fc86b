package engine

import (
	"errors"
	"fmt"
)

// SCTP is served through sockets that look like those of TCP: one association
// each, which ends as a whole. A message of up to bufferSize stays one. What a
// kube-proxy that rewrites packets keeps and this does not: the numbers of
// streams and of payload protocols, and associations with several addresses.

// errNoSCTP tells that the kernel has no SCTP.
var errNoSCTP = fmt.Errorf("this system has no SCTP (on Linux: sudo modprobe sctp): %w", errors.ErrUnsupported)
