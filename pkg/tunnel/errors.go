package tunnel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind is what went wrong with a connection.
type Kind string

// The kinds of errors. Refused, Reset and PodGone concern one pod only, and
// NodeUnreachable the pods of one node.
const (
	Refused         Kind = "refused"          // nothing listens at the port inside the pod
	Reset           Kind = "reset"            // the pod reset the connection
	PodGone         Kind = "pod gone"         // the pod was deleted, or is not running
	NodeUnreachable Kind = "node unreachable" // the API server cannot reach the pod's kubelet
	Forbidden       Kind = "forbidden"        // the user may not forward to the pod
	Unauthorized    Kind = "unauthorized"     // the API server rejected the credentials
	Unreachable     Kind = "unreachable"      // the API server cannot be reached, or does not work
	Lost            Kind = "lost"             // the tunnel ended while the connection was open
	Stale           Kind = "stale"            // the tunnel ended before the node knew of the connection
	TimedOut        Kind = "timed out"        // the node did not accept the connection in time
	Overrun         Kind = "overrun"          // the caller did not read while others shared the tunnel
	Closed          Kind = "closed"           // the pod closed the connection, or the Dialer was closed
	Failed          Kind = "failed"           // anything else; see Message
)

// Error is why a connection to a pod failed or ended.
type Error struct {
	Kind    Kind
	Pod     Pod
	Port    uint16 // 0 if no tunnel could be opened
	Message string // from the node or the API server; it may hold any character
	Err     error  // the cause, or nil
}

func (e *Error) Error() string {
	at := e.Pod.String()
	if e.Port != 0 {
		at = fmt.Sprintf("%s:%d", at, e.Port)
	}
	switch { // the container runtime's texts for these are long and say no more
	case e.Kind == Refused:
		return fmt.Sprintf("pod %s: connection refused", at)
	case e.Kind == Reset:
		return fmt.Sprintf("pod %s: connection reset", at)
	case e.Kind == PodGone && strings.Contains(e.Message, "sandbox"):
		return fmt.Sprintf("pod %s: it is gone", at)
	}
	return fmt.Sprintf("pod %s: %s: %s", at, e.Kind, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

// Timeout makes an Error a net.Error.
func (e *Error) Timeout() bool { return e.Kind == TimedOut }

// Temporary makes an Error a net.Error.
func (e *Error) Temporary() bool { return e.Kind == Unreachable }

// isKind reports whether an error is an *Error of one of the kinds.
func isKind(err error, kinds ...Kind) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(kinds, e.Kind)
}

// maxMessage is the longest text of the other side that a message holds, in bytes.
const maxMessage = 1 << 10

// clip shortens a text of the other side to maxMessage.
func clip(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "…"
}

// parseReason turns the text on the error stream of a connection into an error.
// Each container runtime has its own texts.
func parseReason(pod Pod, port uint16, text string) *Error {
	e := &Error{Kind: Failed, Pod: pod, Port: port, Message: clip(strings.TrimSpace(text))}
	for _, known := range []struct {
		words string
		kind  Kind
	}{
		{"network namespace for sandbox", PodGone}, // containerd: "... is closed"
		{"failed to find sandbox", PodGone},        // containerd
		{"not running", PodGone},                   // CRI-O; containerd of a container
		{"pod not found", PodGone},                 // the kubelet
		{"connection refused", Refused},
		{"connection reset", Reset},
		{"broken pipe", Reset},
		{"i/o timeout", TimedOut},
		{"timed out", TimedOut},
	} {
		if strings.Contains(text, known.words) {
			e.Kind = known.kind
			break
		}
	}
	return e
}
