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

// ForbiddenError reports that the user lacks the permission for a vantage point.
type ForbiddenError struct {
	// Verb and Resource are the missing permission: "get", "nodes/proxy".
	Verb, Resource string
	// Message is the API server's message.
	Message string
}

// Error implements error.
func (e *ForbiddenError) Error() string { return e.Message }

// TryNode has the API server connect to a port of a node and send an HTTP
// request, whatever the protocol of the port. A missing permission is a
// *ForbiddenError.
func (c *Cluster) TryNode(ctx context.Context, node string, port uint16) (probe.Result, error) {
	to := c.core.RESTClient().Get().Resource("nodes").Name(at(node, port)).SubResource("proxy").URL()
	return c.try(ctx, access{Resource: "nodes", Name: at(node, port)}, to.JoinPath("/"))
}

// TryKubeProxy has the API server request the health of a node's kube-proxy on
// its default port. The HTTP status is 200 if kube-proxy is healthy.
func (c *Cluster) TryKubeProxy(ctx context.Context, node string) (probe.Result, error) {
	const healthzPort = 10256
	to := c.core.RESTClient().Get().Resource("nodes").Name(at(node, healthzPort)).SubResource("proxy").Suffix("healthz").URL()
	return c.try(ctx, access{Resource: "nodes", Name: at(node, healthzPort)}, to)
}

// TryPod has the API server connect to a port of a pod's address, like TryNode.
func (c *Cluster) TryPod(ctx context.Context, namespace, pod string, port uint16) (probe.Result, error) {
	to := c.core.RESTClient().Get().Resource("pods").Namespace(namespace).Name(at(pod, port)).SubResource("proxy").URL()
	return c.try(ctx, access{Resource: "pods", Namespace: namespace, Name: at(pod, port)}, to.JoinPath("/"))
}

func at(name string, port uint16) string { return name + ":" + strconv.Itoa(int(port)) }

// try sends a request that the API server proxies to a node or pod. It returns
// an error only when the API server did not proxy the request.
func (c *Cluster) try(ctx context.Context, to access, url *url.URL) (probe.Result, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url.String(), nil)
	if err != nil {
		return probe.Result{}, err
	}
	start := time.Now()
	response, err := c.proxied.Do(request)
	took := time.Since(start)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return probe.Result{Outcome: probe.TimedOut, Took: took, Error: "no answer before the timeout"}, nil
	case err != nil && strings.Contains(err.Error(), "server response headers exceeded"): // net/http exports no error for it
		return probe.Result{Outcome: probe.Connected, Took: took, Answer: probe.Answer{Kind: probe.HTTP}}, nil
	case err != nil:
		return probe.Result{Outcome: probe.Failed, Took: took, Error: err.Error()}, err
	}
	defer response.Body.Close()
	const maxBody = 4096 // the API server's messages are short, and other bodies do not matter
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxBody))
	result, err := c.proxiedAnswer(ctx, to, response, body)
	result.Took = took
	return result, err
}

// proxiedAnswer returns the result for a response. If the API server did not proxy
// the request, the response is a Status with the reason. A target that is itself
// an API server, as in virtual clusters, also responds with a Status.
func (c *Cluster) proxiedAnswer(ctx context.Context, to access, response *http.Response, body []byte) (probe.Result, error) {
	code := response.StatusCode
	answered := probe.Result{Outcome: probe.Connected, Answer: probe.Answer{Kind: probe.HTTP, Status: code}}
	text, failure := message(body)
	if reason, found := strings.CutPrefix(text, unreached); found && code == http.StatusServiceUnavailable {
		if result, ok := probe.Parse(reason); ok {
			return result, nil
		}
		return probe.Result{Outcome: probe.Failed, Error: reason}, nil
	}
	if !failure || answeredByAnother(response.Header) {
		return answered, nil
	}
	to.Verb, to.Subresource = "get", "proxy"
	switch {
	case code == http.StatusForbidden, code == http.StatusUnauthorized:
		if c.allowed(ctx, to) {
			return answered, nil
		}
		if code == http.StatusForbidden {
			return probe.Result{}, &ForbiddenError{Verb: to.Verb, Resource: to.Resource + "/proxy", Message: text}
		}
		fallthrough
	case code == http.StatusNotFound, code == http.StatusBadRequest, code >= http.StatusInternalServerError:
		return probe.Result{Outcome: probe.Failed, Error: text}, fmt.Errorf("the API server did not proxy the request: %s", text)
	}
	return answered, nil
}

// unreached is the prefix of the API server's message for a target that it cannot
// reach (k8s.io/apimachinery pkg/util/proxy/transport.go, RoundTrip).
const unreached = "error trying to reach service: "

// message returns the message of a Status, or the whole body if it is not a
// Status. failure reports whether it is a Status of a failure.
func message(body []byte) (text string, failure bool) {
	var status metav1.Status
	if json.Unmarshal(body, &status) == nil && status.Kind == "Status" {
		return status.Message, status.Status == metav1.StatusFailure
	}
	return string(body), false
}

// answeredByAnother reports whether the response comes from another API server
// behind the first. Each API server adds an audit ID to its responses
// (k8s.io/apiserver pkg/endpoints/filters/audit_init.go, WithAuditInit).
func answeredByAnother(header http.Header) bool { return len(header.Values("Audit-Id")) > 1 }
