package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
)

// ForbiddenError means that the user may not look from a standpoint.
type ForbiddenError struct {
	// Verb and Resource are the permission that is missing: "get", "nodes/proxy".
	Verb, Resource string
	// Message is what the API server said.
	Message string
}

// Error implements error.
func (e *ForbiddenError) Error() string { return e.Message }

// TryNode has the API server connect to a port of a node. The port is asked
// for a page, whatever it speaks.
func (c *Cluster) TryNode(ctx context.Context, node string, port uint16) (probe.Result, error) {
	to := c.core.RESTClient().Get().Resource("nodes").Name(at(node, port)).SubResource("proxy").URL()
	return c.try(ctx, "nodes/proxy", to.JoinPath("/"))
}

// TryKubeProxy asks a node's kube-proxy, at its usual port, whether it is well.
// Its answer has the HTTP status 200 when it is.
func (c *Cluster) TryKubeProxy(ctx context.Context, node string) (probe.Result, error) {
	const healthzPort = 10256
	to := c.core.RESTClient().Get().Resource("nodes").Name(at(node, healthzPort)).SubResource("proxy").Suffix("healthz").URL()
	return c.try(ctx, "nodes/proxy", to)
}

// TryPod has the API server connect to a port of a pod at the pod's address.
func (c *Cluster) TryPod(ctx context.Context, namespace, pod string, port uint16) (probe.Result, error) {
	to := c.core.RESTClient().Get().Resource("pods").Namespace(namespace).Name(at(pod, port)).SubResource("proxy").URL()
	return c.try(ctx, "pods/proxy", to.JoinPath("/"))
}

func at(name string, port uint16) string { return name + ":" + strconv.Itoa(int(port)) }

// try sends a request that the API server passes on. It returns an error only
// when the request was not passed on.
func (c *Cluster) try(ctx context.Context, resource string, to *url.URL) (probe.Result, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return probe.Result{}, err
	}
	start := time.Now()
	response, err := c.proxied.Do(request)
	took := time.Since(start)
	if errors.Is(err, context.DeadlineExceeded) {
		return probe.Result{Outcome: probe.TimedOut, Took: took, Error: "no answer in time"}, nil
	} else if err != nil {
		return probe.Result{Outcome: probe.Failed, Took: took, Error: err.Error()}, err
	}
	defer response.Body.Close()
	const most = 4096 // the page does not matter, and what the API server says is short
	body, _ := io.ReadAll(io.LimitReader(response.Body, most))
	result, err := passedOn(response.StatusCode, body)
	result.Took = took
	var forbidden *ForbiddenError
	if errors.As(err, &forbidden) {
		forbidden.Resource = resource
	}
	return result, err
}

// passedOn reads from an answer what the API server met on behalf of us, or
// that it did not try.
func passedOn(code int, body []byte) (probe.Result, error) {
	// k8s.io/apimachinery pkg/util/proxy/transport.go, RoundTrip, and
	// k8s.io/apiserver pkg/endpoints/handlers/responsewriters.
	const unreached = "error trying to reach service: "
	text := string(body)
	var status metav1.Status
	if json.Unmarshal(body, &status) == nil && status.Kind == "Status" {
		text = status.Message
	}
	if reason, found := strings.CutPrefix(text, unreached); found && code == http.StatusServiceUnavailable {
		if result, ok := probe.Parse(reason); ok {
			return result, nil
		}
		return probe.Result{Outcome: probe.Failed, Error: reason}, nil
	}
	switch {
	case status.Kind == "" || status.Status != metav1.StatusFailure:
	case code == http.StatusForbidden:
		return probe.Result{}, &ForbiddenError{Verb: "get", Message: text}
	case code == http.StatusUnauthorized, code == http.StatusNotFound, code == http.StatusBadRequest, code >= http.StatusInternalServerError:
		return probe.Result{Outcome: probe.Failed, Error: text}, fmt.Errorf("the API server did not pass the request on: %s", text)
	}
	return probe.Result{Outcome: probe.Connected, Answer: probe.Answer{Kind: probe.HTTP, Status: code}}, nil
}
