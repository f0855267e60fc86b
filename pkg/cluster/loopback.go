package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
)

// TryLoopback connects to a port inside of a pod, at the pod's loopback, as
// kubectl port-forward does. The connection is closed as soon as it stands.
func (c *Cluster) TryLoopback(ctx context.Context, namespace, pod string, port uint16) (probe.Result, error) {
	dialer, err := c.forwarder(namespace, pod)
	if err != nil {
		return probe.Result{}, err
	}
	type tried struct {
		result probe.Result
		err    error
	}
	done := make(chan tried, 1)
	go func() {
		result, err := forward(ctx, dialer, port)
		done <- tried{result, err}
	}()
	select { // the dialer takes no context
	case t := <-done:
		return t.result, t.err
	case <-ctx.Done():
		return probe.Result{Outcome: probe.TimedOut, Error: "no answer in time"}, nil
	}
}

// forwarder prefers WebSocket, which passes more proxies than SPDY does.
func (c *Cluster) forwarder(namespace, pod string) (httpstream.Dialer, error) {
	url := c.core.RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	socket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(url, c.config)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, err
	}
	old := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	return portforward.NewFallbackDialerForStreaming(socket, old, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}

func forward(ctx context.Context, dialer httpstream.Dialer, port uint16) (probe.Result, error) {
	conn, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return probe.Result{Outcome: probe.Failed, Error: err.Error()}, refusedForward(err)
	}
	defer conn.Close()
	start := time.Now()
	failures, data, err := streams(conn, port)
	if err != nil {
		return probe.Result{Outcome: probe.Failed, Error: err.Error()}, err
	}
	result := heard(ctx, failures, data)
	result.Took = time.Since(start)
	return result, nil
}

// refusedForward tells a missing permission from other failures, which the
// dialer returns as text.
func refusedForward(err error) error {
	if strings.Contains(err.Error(), "is forbidden") || strings.Contains(err.Error(), "cannot create resource") {
		return &ForbiddenError{Verb: "create", Resource: "pods/portforward", Message: err.Error()}
	}
	return fmt.Errorf("cannot forward to the pod: %w", err)
}

// streams opens the two streams of a connection to a port: one that says why it
// failed, and its data.
func streams(conn httpstream.Connection, port uint16) (failures, data httpstream.Stream, err error) {
	headers := http.Header{}
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	headers.Set(corev1.PortHeader, strconv.Itoa(int(port)))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	if failures, err = conn.CreateStream(headers); err != nil {
		return nil, nil, err
	}
	_ = failures.Close() // nothing is written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err = conn.CreateStream(headers)
	return failures, data, err
}

// heard waits for what tells that the node could connect: data, an end of it,
// or that no failure is told for a while. Whoever connects and says nothing
// sees a good server wait.
func heard(ctx context.Context, failures, data httpstream.Stream) probe.Result {
	const quiet = 500 * time.Millisecond
	failed, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		text, err := io.ReadAll(io.LimitReader(failures, 1024))
		if err == nil || len(text) > 0 {
			failed <- string(text)
		}
	}()
	go func() {
		_, err := data.Read(make([]byte, 1))
		ended <- err
	}()
	_ = data.Close() // ours: servers that see it close too
	settled := time.NewTimer(quiet)
	defer settled.Stop()
	for {
		select {
		case text := <-failed:
			return forwarded(text)
		case err := <-ended:
			if err == nil || !errors.Is(err, io.EOF) {
				return forwarded("")
			}
			ended = nil // the reason, if there is one, follows
		case <-settled.C:
			return forwarded("")
		case <-ctx.Done():
			return probe.Result{Outcome: probe.TimedOut, Error: "no answer in time"}
		}
	}
}

// forwarded reads what the node said of a connection; nothing means that it stands.
func forwarded(text string) probe.Result {
	if text == "" {
		return probe.Result{Outcome: probe.Connected}
	}
	if result, ok := probe.Parse(text); ok {
		return result
	}
	return probe.Result{Outcome: probe.Failed, Error: strings.TrimSpace(text)}
}
