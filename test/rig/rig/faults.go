package rig

import (
	"context"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// Faults break a part of the cluster. Each returns a function that undoes it,
// which is called at the end of the test at the latest; calling it again does
// nothing. Tests that share a cluster see each other's faults: ones that run in
// parallel with others need a Dedicated cluster.

// undoable registers and returns what undoes a fault.
func undoable(t testing.TB, undo func(context.Context) error) func() {
	t.Helper()
	var once sync.Once
	f := func() {
		t.Helper()
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), waitTime)
			defer cancel()
			if err := undo(ctx); err != nil {
				t.Errorf("undo a fault: %v", err)
			}
		})
	}
	t.Cleanup(f)
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// StopAPIServer kills the API server; the function starts it again and waits
// until it is ready.
func (c *Cluster) StopAPIServer(t testing.TB) (start func()) {
	t.Helper()
	c.needRig(t)
	must(t, c.parent.Stop(process.Stop{Name: "kube-apiserver"}))
	return undoable(t, func(ctx context.Context) error {
		if err := c.parent.Start(c.planePrograms(c.Plane)[1]); err != nil {
			return err
		}
		return c.waitReady(ctx)
	})
}

// Stop cuts a node's power: its network, its programs and its pods are gone at
// once. The function starts it again, without the rules that kube-proxy had
// made, and waits until it is ready.
func (n *Node) Stop(t testing.TB) (start func()) {
	t.Helper()
	n.cluster.NeedFaults(t)
	must(t, n.link("down"))
	for _, program := range []string{kubeletProgram, kubeProxyProgram, containerdProgram} {
		must(t, n.stop(program, 0))
	}
	for _, group := range []string{n.programsCgroup(), n.podsCgroup()} {
		must(t, n.cluster.parent.KillCgroup(group))
	}
	must(t, n.cluster.sh(n.name, "nft flush ruleset"))
	return undoable(t, func(ctx context.Context) error {
		if err := n.link("up"); err != nil {
			return err
		}
		if err := n.startContainerd(ctx); err != nil {
			return err
		}
		if err := n.start(kubeProxyProgram); err != nil {
			return err
		}
		return n.startKubelet(ctx)
	})
}

// StopKubelet kills a node's kubelet; its pods run on. The function starts it
// again and waits until the node is ready.
func (n *Node) StopKubelet(t testing.TB) (start func()) {
	t.Helper()
	n.cluster.NeedFaults(t)
	must(t, n.stop(kubeletProgram, 0))
	return undoable(t, n.startKubelet)
}

func (n *Node) startKubelet(ctx context.Context) error {
	if err := n.start(kubeletProgram); err != nil {
		return err
	}
	return n.cluster.waitNodes(ctx, []*Node{n}, true)
}

// StopKubeProxy kills a node's kube-proxy; the rules that it made stay. The
// function starts it again.
func (n *Node) StopKubeProxy(t testing.TB) (start func()) {
	t.Helper()
	n.cluster.NeedFaults(t)
	must(t, n.stop(kubeProxyProgram, 0))
	return undoable(t, func(context.Context) error { return n.start(kubeProxyProgram) })
}

// WaitReady waits until the API server says that the node is ready, or that it
// is not, which takes it up to half a minute to notice.
func (n *Node) WaitReady(t testing.TB, ready bool) {
	t.Helper()
	if err := n.cluster.waitNodes(t.Context(), []*Node{n}, ready); err != nil {
		t.Fatalf("wait for node %s to be ready %t: %v", n.name, ready, err)
	}
}

// KillPod kills the processes of a pod's containers, which the kubelet then
// starts again if the pod's restart policy says so.
func (c *Cluster) KillPod(t testing.TB, pod *corev1.Pod) {
	t.Helper()
	c.NeedFaults(t)
	for _, n := range c.nodes {
		if n.name != pod.Spec.NodeName {
			continue
		}
		for _, s := range pod.Status.ContainerStatuses {
			_, id, _ := strings.Cut(s.ContainerID, "://")
			must(t, n.ctr("tasks", "kill", "--signal=SIGKILL", id))
		}
		return
	}
	t.Fatalf("pod %s is on no node of the rig", pod.Name)
}
