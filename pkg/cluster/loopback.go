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

// quiet is how long a pod that says nothing is listened to, besides the time
// that a refusal needs to arrive: whoever connects and says nothing sees a good
// server wait, and only a refusal is told.
const quiet = 500 * time.Millisecond

// TryLoopback connects to a port inside of a pod, at the pod's loopback, as
// kubectl port-forward does. The connection is closed as soon as it stands.
func (c *Cluster) TryLoopback(ctx context.Context, namespace, pod string, port uint16) (probe.Result, error) {
	tunnels, err := tunnel.New(c.config, tunnel.Options{MaxPerPod: 1})
	if err != nil {
		return probe.Result{}, err
	}
	defer tunnels.Close()
	start := time.Now()
	conn, err := tunnels.DialPod(ctx, tunnel.Pod{Namespace: namespace, Name: pod}, port)
	if err != nil {
		return withoutTunnel(ctx, err)
	}
	defer conn.Close()
	// Making a tunnel takes four round trips, TCP's and TLS's among them: as long
	// as a refusal takes of which a packet is sent again.
	_ = conn.SetReadDeadline(time.Now().Add(quiet + time.Since(start)))
	start = time.Now()
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })()
	_, err = conn.Read(make([]byte, 1))
	result := heard(ctx, err)
	result.Took = time.Since(start)
	return result, nil
}

// withoutTunnel tells a missing permission, and an answer that takes too long,
// from other failures.
func withoutTunnel(ctx context.Context, err error) (probe.Result, error) {
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
	return probe.Result{Outcome: probe.TimedOut, Error: "no answer in time"}
}

// heard reads what became of a connection: the node's words of a failure, or
// that it stands.
func heard(ctx context.Context, err error) probe.Result {
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
