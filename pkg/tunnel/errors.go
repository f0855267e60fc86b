package tunnel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Kind says what went wrong with a connection.
type Kind string

// What goes wrong. Of those that tell of the pod alone, Refused, Reset and
// PodGone, and of NodeUnreachable, other pods are not affected.
const (
	Refused         Kind = "refused"          // nothing listens at the port inside of the pod
	Reset           Kind = "reset"            // the pod ended the connection by a reset
	PodGone         Kind = "pod gone"         // it was deleted, or does not run
	NodeUnreachable Kind = "node unreachable" // the API server does not reach the pod's kubelet
	Forbidden       Kind = "forbidden"        // the user may not forward to the pod
	Unauthorized    Kind = "unauthorized"     // the API server does not know the user, or no longer
	Unreachable     Kind = "unreachable"      // the API server cannot be reached, or does not work
	Lost            Kind = "lost"             // the tunnel ended while the connection was open
	Stale           Kind = "stale"            // the tunnel ended before the node had heard of the connection
	TimedOut        Kind = "timed out"        // the node did not take the connection in time
	Overrun         Kind = "overrun"          // the caller did not read while others shared the tunnel
	Closed          Kind = "closed"           // the pod has closed, or the Dialer has
	Failed          Kind = "failed"           // all else, as Message says
)

// Error is why a pod could not be connected to, or why a connection ended.
type Error struct {
	Kind    Kind
	Pod     Pod
	Port    uint16 // 0 where no tunnel could be opened
	Message string // as the node or the API server said it; may hold any character
	Err     error  // what is behind it, or nil
}

func (e *Error) Error() string {
	at := e.Pod.String()
	if e.Port != 0 {
		at = fmt.Sprintf("%s:%d", at, e.Port)
	}
	switch { // what the runtime says of these is long, and says no more
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

// isKind tells whether an error is an *Error of one of the kinds.
func isKind(err error, kinds ...Kind) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, kind := range kinds {
		if e.Kind == kind {
			return true
		}
	}
	return false
}

// told turns what the node said on the error stream of a connection into an
// error. Container runtimes each have their own words.
func told(pod Pod, port uint16, text string) *Error {
	e := &Error{Kind: Failed, Pod: pod, Port: port, Message: strings.TrimSpace(text)}
	for _, sign := range []struct {
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
		if strings.Contains(text, sign.words) {
			e.Kind = sign.kind
			break
		}
	}
	return e
}

// refusal is the API server's answer where it does not upgrade.
type refusal struct {
	Status  int // 0: it did, but not as asked
	Reason  metav1.StatusReason
	Message string
}

func (r *refusal) Error() string { return r.Message }

func isUnauthorized(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.Status == http.StatusUnauthorized
}

// isUpgradeRefusal tells whether another way to ask may be answered otherwise.
func isUpgradeRefusal(err error) bool {
	var r *refusal
	if !errors.As(err, &r) {
		return false
	}
	// These say nothing of the way, only of who asks and whom for.
	return r.Status != http.StatusUnauthorized && r.Status != http.StatusTooManyRequests &&
		(r.Status != http.StatusNotFound || r.Reason != metav1.StatusReasonNotFound)
}

func readRefusal(response *http.Response) *refusal {
	text, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	r := &refusal{Status: response.StatusCode, Message: strings.TrimSpace(string(text))}
	var status metav1.Status
	if json.Unmarshal(text, &status) == nil && status.Message != "" {
		r.Reason, r.Message = status.Reason, status.Message
	}
	if r.Message == "" {
		r.Message = "the API server answered " + response.Status
	}
	return r
}

// refusedDial reads why no tunnel could be opened.
func refusedDial(pod Pod, err error) *Error {
	e := &Error{Kind: Unreachable, Pod: pod, Message: err.Error(), Err: err}
	var r *refusal
	if !errors.As(err, &r) {
		var timeout net.Error
		if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
			e.Message = "no answer in time: " + e.Message
		}
		return e
	}
	switch {
	case r.Status == http.StatusUnauthorized:
		e.Kind = Unauthorized
	case r.Status == http.StatusForbidden:
		e.Kind = Forbidden
	case r.Status == http.StatusNotFound:
		e.Kind = PodGone
	case strings.Contains(r.Message, "dialing backend"), strings.Contains(r.Message, "No agent available"):
		e.Kind = NodeUnreachable
	case strings.Contains(r.Message, "not running"), strings.Contains(r.Message, "does not have a host assigned"):
		e.Kind = PodGone
	case r.Status == http.StatusTooManyRequests, r.Status >= 500:
	default:
		e.Kind = Failed
	}
	return e
}
