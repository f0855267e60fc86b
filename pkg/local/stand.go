package local

import (
	"context"
	"net"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// stand is what stands for one pod, and whether that is ready.
type stand struct {
	backend backend
	ready   atomic.Bool
	cancel  context.CancelFunc
}

func (s *stand) stop() {
	s.cancel()
	s.backend.stop()
}

// backend takes the connections of a pod.
type backend interface {
	// dial connects to a port of the pod for somebody.
	dial(ctx context.Context, network string, port uint16, from *caller) (net.Conn, error)
	// String says what it is in a few words, such as "stand-in".
	String() string
	stop()
}

// standFor has something stand for each pod that runs, and ends what stands
// for others.
func (c *Cluster) standFor(pods []*corev1.Pod) {
	running := map[snapshot.Ref]bool{}
	for _, pod := range pods {
		if pod.Status.Phase != corev1.PodRunning {
			continue
		}
		ref := snapshot.RefOf("Pod", pod)
		running[ref] = true
		if c.stands[ref] == nil {
			c.stands[ref] = c.newStand(pod)
		}
	}
	for ref, s := range c.stands {
		if !running[ref] {
			s.stop()
			delete(c.stands, ref)
		}
	}
}

func (c *Cluster) newStand(*corev1.Pod) *stand {
	_, cancel := context.WithCancel(context.Background())
	s := &stand{backend: &standIn{c.answers}, cancel: cancel}
	s.ready.Store(true)
	return s
}
