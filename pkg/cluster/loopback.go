package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
)

// refusalTimeout is how long TryLoopback waits for a refusal, in addition to the
// latency of the network. A server that accepts the connection sends nothing
// until the client does, so only a refusal is reported.
const refusalTimeout = 500 * time.Millisecond

// TryLoopback connects to a port of a pod's loopback interface, as kubectl
// port-forward does. It closes the connection as soon as the result is known. A
// missing permission is a *ForbiddenError.
func (c *Cluster) TryLoopback(ctx context.Context, namespace, pod string, port uint16) (probe.Result, error) {
	tunnels, err := tunnel.New(c.config, tunnel.Options{MaxPerPod: 1})
	if err != nil {
		return probe.Result{}, err
	}
	defer tunnels.Close()
	start := time.Now()
	conn, err := tunnels.DialPod(ctx, tunnel.Pod{Namespace: namespace, Name: pod}, port)
	if err != nil {
		return tunnelFailure(ctx, err)
	}
	defer conn.Close()
	// Establishing the tunnel takes four round trips, including those of TCP and
	// TLS. That is enough for a refusal of which one packet is retransmitted.
	_ = conn.SetReadDeadline(time.Now().Add(refusalTimeout + time.Since(start)))
	start = time.Now()
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })()
	_, err = conn.Read(make([]byte, 1))
	result := loopbackResult(ctx, err)
	result.Took = time.Since(start)
	return result, nil
}

// tunnelFailure returns the result when no tunnel could be established. A missing
// permission is a *ForbiddenError, and a timeout is no error.
func tunnelFailure(ctx context.Context, err error) (probe.Result, error) {
	var failed *tunnel.Error
	switch {
	case errors.As(err, &failed) && failed.Kind == tunnel.Forbidden:
		return probe.Result{}, &ForbiddenError{Verb: "create", Resource: "pods/portforward", Message: failed.Message}
	case ctx.Err() != nil:
		return timedOut(), nil
	}
	return probe.Result{Outcome: probe.Failed, Error: err.Error()}, fmt.Errorf("cannot forward to the pod: %w", err)
}

func timedOut() probe.Result {
	return probe.Result{Outcome: probe.TimedOut, Error: "no answer before the timeout"}
}

// loopbackResult returns the result for the error of reading from a tunnel. The
// node reports a refusal in the error message. A timeout of the read means that
// the pod has accepted the connection.
func loopbackResult(ctx context.Context, err error) probe.Result {
	var failed *tunnel.Error
	switch {
	case errors.As(err, &failed):
		if result, ok := probe.Parse(failed.Message); ok && failed.Kind != tunnel.Lost {
			return result
		}
		return probe.Result{Outcome: probe.Failed, Error: strings.TrimSpace(failed.Message)}
	case ctx.Err() != nil:
		return timedOut()
	}
	return probe.Result{Outcome: probe.Connected}
}
