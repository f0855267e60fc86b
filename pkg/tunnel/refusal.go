package tunnel

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxRefusal is how much of the body of a refusal is read, in bytes.
const maxRefusal = 64 << 10

// refusal is the API server's answer if it does not open a tunnel.
type refusal struct {
	Status  int // 0 if it did, but not the one that was asked for
	Reason  metav1.StatusReason
	Message string
}

func (r *refusal) Error() string { return r.Message }

func isUnauthorized(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.Status == http.StatusUnauthorized
}

// isTransportRefusal reports whether the other transport may be accepted.
func isTransportRefusal(err error) bool {
	var r *refusal
	if !errors.As(err, &r) {
		return false
	}
	// These concern only the user and the pod, not the transport.
	return r.Status != http.StatusUnauthorized && r.Status != http.StatusTooManyRequests &&
		(r.Status != http.StatusNotFound || r.Reason != metav1.StatusReasonNotFound)
}

func readRefusal(response *http.Response) *refusal {
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	r := &refusal{Status: response.StatusCode, Message: strings.TrimSpace(string(text))}
	var status metav1.Status
	if json.Unmarshal(text, &status) == nil && status.Message != "" {
		r.Reason, r.Message = status.Reason, status.Message
	}
	if r.Message == "" {
		r.Message = "the API server answered " + response.Status
	}
	r.Message = clip(r.Message)
	return r
}

// dialError classifies the reason why no tunnel could be opened.
func dialError(pod Pod, err error) *Error {
	e := &Error{Kind: Unreachable, Pod: pod, Message: clip(err.Error()), Err: err}
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
