package cluster

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
)

// ForbiddenError means that the user may not look from a standpoint.
type ForbiddenError struct {
	// Verb and Resource are the permission that is missing: "get", "nodes/proxy".
	Verb, Resource string
	Err            error
}

// Error implements error.
func (e *ForbiddenError) Error() string { return e.Err.Error() }

// Unwrap returns what the API server said.
func (e *ForbiddenError) Unwrap() error { return e.Err }

// TryNode has the API server connect to a port of a node. The port is asked
// for a page, whatever it speaks.
func (c *Cluster) TryNode(ctx context.Context, node string, port uint16) (probe.Result, error) {
	request := c.proxied.Get().Resource("nodes").Name(at(node, port)).SubResource("proxy")
	return c.try(ctx, request, "nodes/proxy")
}

// TryKubeProxy asks a node's kube-proxy, at its usual port, whether it is well.
// Its answer has the HTTP status 200 when it is.
func (c *Cluster) TryKubeProxy(ctx context.Context, node string) (probe.Result, error) {
	const healthzPort = 10256
	request := c.proxied.Get().Resource("nodes").Name(at(node, healthzPort)).SubResource("proxy").Suffix("healthz")
	return c.try(ctx, request, "nodes/proxy")
}

// TryPod has the API server connect to a port of a pod at the pod's address.
func (c *Cluster) TryPod(ctx context.Context, namespace, pod string, port uint16) (probe.Result, error) {
	request := c.proxied.Get().Resource("pods").Namespace(namespace).Name(at(pod, port)).SubResource("proxy")
	return c.try(ctx, request, "pods/proxy")
}

func at(name string, port uint16) string { return name + ":" + strconv.Itoa(int(port)) }

// try sends a request that the API server passes on. It returns an error only
// when the request was not passed on.
func (c *Cluster) try(ctx context.Context, request *rest.Request, resource string) (probe.Result, error) {
	start := time.Now()
	body, err := request.MaxRetries(0).Stream(ctx)
	took := time.Since(start)
	if err == nil {
		_ = body.Close() // the page does not matter
		return probe.Result{Outcome: probe.Connected, Took: took, Answer: probe.Answer{Kind: probe.HTTP, Status: http.StatusOK}}, nil
	}
	result, err := passedOn(err)
	result.Took = took
	var forbidden *ForbiddenError
	if errors.As(err, &forbidden) {
		forbidden.Verb, forbidden.Resource = "get", resource
	}
	return result, err
}

// passedOn reads from an error what the API server met on behalf of us, or that
// it did not try.
func passedOn(err error) (probe.Result, error) {
	var status apierrors.APIStatus
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return probe.Result{Outcome: probe.TimedOut, Error: "no answer in time"}, nil
	case !errors.As(err, &status):
		return probe.Result{Outcome: probe.Failed, Error: err.Error()}, err
	}
	if text, ok := unreached(status.Status()); ok {
		if result, ok := probe.Parse(text); ok {
			return result, nil
		}
		return probe.Result{Outcome: probe.Failed, Error: text}, nil
	}
	if own := !foreign(status.Status()); own && apierrors.IsForbidden(err) {
		return probe.Result{}, &ForbiddenError{Err: err}
	} else if own && (apierrors.IsUnauthorized(err) || apierrors.IsNotFound(err)) {
		return probe.Result{Outcome: probe.Failed, Error: err.Error()}, err
	}
	answer := probe.Answer{Kind: probe.HTTP, Status: int(status.Status().Code)}
	return probe.Result{Outcome: probe.Connected, Answer: answer}, nil
}

// unreached is why the API server could not connect, in its words
// (k8s.io/apimachinery pkg/util/proxy/transport.go, RoundTrip).
func unreached(status metav1.Status) (text string, ok bool) {
	texts := []string{status.Message}
	if status.Details != nil {
		for _, cause := range status.Details.Causes {
			texts = append(texts, cause.Message)
		}
	}
	for _, text := range texts {
		if _, reason, found := strings.Cut(text, "error trying to reach service: "); found {
			return reason, true
		}
	}
	return "", false
}

// foreign tells an answer that client-go made of something else than the API
// server's own words.
func foreign(status metav1.Status) bool {
	if status.Details == nil {
		return status.Code >= http.StatusMultipleChoices && status.Code < http.StatusBadRequest
	}
	for _, cause := range status.Details.Causes {
		if cause.Type == metav1.CauseTypeUnexpectedServerResponse {
			return true
		}
	}
	return false
}
