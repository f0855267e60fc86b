package rig_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// standing is a cluster of two nodes with a pod on the first that the service
// of the standing case routes to.
type standing struct {
	*rig.Cluster
	ns  string
	pod *corev1.Pod
}

func newStanding(t *testing.T) *standing {
	t.Helper()
	s := &standing{Cluster: rig.Start(t)}
	s.NeedFaults(t)
	s.ns = s.Namespace(t)
	// A name of its own: nodes may know the pod of the test before for a while.
	name := "web-" + s.ns
	s.Apply(t, s.ns, strings.ReplaceAll(tutorial, "app: web", "app: "+name))
	s.pod = s.Pod(t, s.ns, name, s.Node(1).Name(), "-http", ":300,:301")
	s.allAnswer(t)
	return s
}

func (s *standing) url(node int) string { return fmt.Sprintf("http://%s:30033/", s.Node(node).Addr()) }

func (s *standing) allAnswer(t *testing.T) {
	t.Helper()
	for i := range s.Nodes() {
		answers(t, s.Cluster, s.url(i+1), s.pod.Name)
	}
}

// dial connects to the node port of a node with little patience.
func (s *standing) dial(t *testing.T, node int) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	conn, err := s.Client().DialContext(ctx, "tcp", fmt.Sprintf("%s:30033", s.Node(node).Addr()))
	if err == nil {
		_ = conn.Close()
	}
	return err
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

func TestFirewallBlocksOnePort(t *testing.T) {
	s := newStanding(t)
	tests := map[string]struct {
		verdict rig.Verdict
		want    func(error) bool
	}{
		"drop is silence":           {rig.Drop, isTimeout},
		"reject is no route":        {rig.Reject, func(err error) bool { return errors.Is(err, syscall.EHOSTUNREACH) }},
		"reset is as if not served": {rig.Reset, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			lift := s.Node(1).Firewall(t, test.verdict, "tcp", 30033)
			if err := s.dial(t, 1); !test.want(err) {
				t.Errorf("dial node 1: %v", err)
			}
			if err := s.dial(t, 2); err != nil {
				t.Errorf("dial node 2: %v", err)
			}
			lift()
			if err := s.dial(t, 1); err != nil {
				t.Errorf("after the firewall: %v", err)
			}
		})
	}
}

func TestCutHostIsOutOfReach(t *testing.T) {
	s := newStanding(t)
	mend := s.Node(2).Cut(t)
	if err := s.dial(t, 2); err == nil {
		t.Error("node 2 answers")
	}
	if err := s.dial(t, 1); err != nil {
		t.Error(err)
	}
	mend()
	s.allAnswer(t)
}

func TestLosingLinkLosesPackets(t *testing.T) {
	s := newStanding(t)
	mend := s.Node(2).Lose(t, 100)
	if err := s.dial(t, 2); !isTimeout(err) {
		t.Errorf("dial a host that all packets get lost on the way to: %v", err)
	}
	mend()
	s.allAnswer(t)
}

func TestDelayedLinkIsSlow(t *testing.T) {
	s := newStanding(t)
	mend := s.Node(2).Delay(t, 200*time.Millisecond)
	start := time.Now()
	if err := s.dial(t, 2); err != nil || time.Since(start) < 200*time.Millisecond {
		t.Errorf("dial: %v after %s", err, time.Since(start))
	}
	mend()
	s.allAnswer(t)
}

func TestStoppedNodeIsGoneAndComesBack(t *testing.T) {
	s := newStanding(t)
	start := s.Node(1).Stop(t)
	for node := 1; node <= 2; node++ {
		if err := s.dial(t, node); err == nil {
			t.Errorf("node %d answers, but the pod was on node 1", node)
		}
	}
	s.Node(1).WaitReady(t, false)
	s.WaitEndpoints(t, s.ns, "web", 0)
	start()
	s.WaitPodsReady(t, s.ns, "app="+s.pod.Name, 1)
	s.allAnswer(t)
}

func TestStoppedKubeletIsNoticed(t *testing.T) {
	s := newStanding(t)
	start := s.Node(2).StopKubelet(t)
	s.Node(2).WaitReady(t, false)
	s.allAnswer(t) // kube-proxy is there
	start()
	s.Node(2).WaitReady(t, true)
}

func TestStoppedKubeProxyKeepsItsRules(t *testing.T) {
	s := newStanding(t)
	start := s.Node(2).StopKubeProxy(t)
	s.allAnswer(t)
	s.Apply(t, s.ns, strings.NewReplacer("app: web", "app: "+s.pod.Name, "name: web", "name: late", "10.3.11.5", "10.3.11.6", "30033", "30034").Replace(tutorial))
	late := func(node int) string { return fmt.Sprintf("http://%s:30034/", s.Node(node).Addr()) }
	answers(t, s.Cluster, late(1), s.pod.Name)
	if _, err := get(s.Cluster, late(2)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a new port on the node without kube-proxy: %v", err)
	}
	start()
	answers(t, s.Cluster, late(2), s.pod.Name)
}

func TestKilledPodStartsAgain(t *testing.T) {
	s := newStanding(t)
	s.KillPod(t, s.pod)
	rig.Eventually(t, time.Minute, func() error {
		pod, err := s.Core().Pods(s.ns).Get(t.Context(), s.pod.Name, metav1.GetOptions{})
		if err == nil && pod.Status.ContainerStatuses[0].RestartCount == 0 {
			err = errors.New("no restart yet")
		}
		return err
	})
	s.WaitPodsReady(t, s.ns, "app="+s.pod.Name, 1)
	s.allAnswer(t)
}

func TestOccupiedPort(t *testing.T) {
	s := newStanding(t)
	addr := net.JoinHostPort(s.Node(1).Addr().String(), "31999")
	free := s.Node(1).Occupy(t, "tcp", 31999)
	conn, err := s.Client().DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	free()
	if _, err := s.Client().DialContext(t.Context(), "tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial the freed port: %v", err)
	}
}

func TestStoppedAPIServerLeavesTheDataPath(t *testing.T) {
	s := newStanding(t)
	start := s.StopAPIServer(t)
	if out, err := s.Client().Command(t.Context(), "kubectl", "get", "nodes").CombinedOutput(); err == nil {
		t.Errorf("kubectl get nodes: %s", out)
	}
	s.allAnswer(t)
	start()
	if out, err := s.Client().Command(t.Context(), "kubectl", "get", "nodes").CombinedOutput(); err != nil {
		t.Errorf("kubectl get nodes: %v: %s", err, out)
	}
}
