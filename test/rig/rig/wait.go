package rig

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// waitTime bounds every wait.
const waitTime = 2 * time.Minute

// watchFunc is the Watch method of a typed client.
type watchFunc func(context.Context, metav1.ListOptions) (watch.Interface, error)

// await looks, and looks again after each event of a watch, until look says
// that it saw what it wanted. What look saw last is in the error.
func await(ctx context.Context, w watchFunc, o metav1.ListOptions, look func() (done bool, saw string, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, waitTime)
	defer cancel()
	for {
		events, err := w(ctx, o)
		if err != nil {
			return err
		}
		done, err := awaitEvents(ctx, events, look)
		events.Stop()
		if done || err != nil {
			return err
		}
	}
}

// awaitEvents ends without being done when the server ends the watch.
func awaitEvents(ctx context.Context, events watch.Interface, look func() (bool, string, error)) (bool, error) {
	for {
		done, saw, err := look()
		if done || err != nil {
			return done, err
		}
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("%w; last seen: %s", context.Cause(ctx), saw)
		case _, open := <-events.ResultChan():
			if !open && ctx.Err() == nil {
				return false, nil
			}
		}
	}
}

// WaitPodsReady waits until n pods match the label selector and are ready, and
// returns them. It fails the test if that takes too long, as do the other waits.
func (c *Cluster) WaitPodsReady(t testing.TB, namespace, selector string, n int) []corev1.Pod {
	t.Helper()
	pods, o := c.Core().Pods(namespace), metav1.ListOptions{LabelSelector: selector}
	var ready []corev1.Pod
	err := await(t.Context(), pods.Watch, o, func() (bool, string, error) {
		list, err := pods.List(t.Context(), o)
		if err != nil {
			return false, "", err
		}
		ready = slices.DeleteFunc(slices.Clone(list.Items), func(p corev1.Pod) bool { return !podReady(p) })
		return len(ready) == n, describePods(list.Items), nil
	})
	if err != nil {
		t.Fatalf("wait for %d ready pods %q in %s: %v", n, selector, namespace, err)
	}
	return ready
}

func podReady(p corev1.Pod) bool {
	return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func describePods(pods []corev1.Pod) string {
	text := fmt.Sprintf("%d pods", len(pods))
	for _, p := range pods {
		text += fmt.Sprintf("\n%s on %q: %s, ready %t", p.Name, p.Spec.NodeName, p.Status.Phase, podReady(p))
		for _, s := range p.Status.ContainerStatuses {
			if s.State.Waiting != nil {
				text += fmt.Sprintf(", %s: %s", s.State.Waiting.Reason, s.State.Waiting.Message)
			}
		}
		for _, cond := range p.Status.Conditions {
			if cond.Status != corev1.ConditionTrue && cond.Message != "" {
				text += fmt.Sprintf(", %s: %s", cond.Type, cond.Message)
			}
		}
	}
	return text
}

// WaitEndpoints waits until the service's endpoint slices of each address
// family that has any list n addresses that are ready.
func (c *Cluster) WaitEndpoints(t testing.TB, namespace, service string, n int) {
	t.Helper()
	slices, o := c.Discovery().EndpointSlices(namespace), metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service}
	err := await(t.Context(), slices.Watch, o, func() (bool, string, error) {
		list, err := slices.List(t.Context(), o)
		if err != nil {
			return false, "", err
		}
		count := readyEndpoints(list.Items)
		done := len(list.Items) > 0 || n == 0
		for _, have := range count {
			done = done && have == n
		}
		return done, fmt.Sprintf("%d slices, ready endpoints %v", len(list.Items), count), nil
	})
	if err != nil {
		t.Fatalf("wait for %d endpoints of service %s/%s: %v", n, namespace, service, err)
	}
}

func readyEndpoints(slices []discoveryv1.EndpointSlice) map[discoveryv1.AddressType]int {
	count := map[discoveryv1.AddressType]int{}
	for _, s := range slices {
		count[s.AddressType] += 0
		for _, e := range s.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				count[s.AddressType]++
			}
		}
	}
	return count
}

// waitNodes waits until each of the nodes is ready, or none is.
func (c *Cluster) waitNodes(ctx context.Context, wanted []*Node, ready bool) error {
	nodes := c.Core().Nodes()
	return await(ctx, nodes.Watch, metav1.ListOptions{}, func() (bool, string, error) {
		list, err := nodes.List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, "", err
		}
		is, text := map[string]bool{}, ""
		for _, n := range list.Items {
			is[n.Name] = nodeReady(n)
			text += fmt.Sprintf("%s ready %t %s; ", n.Name, is[n.Name], nodeMessage(n))
		}
		missing := slices.ContainsFunc(wanted, func(n *Node) bool {
			now, known := is[n.name]
			return !known || now != ready
		})
		return !missing, text, nil
	})
}

func nodeReady(n corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

func nodeMessage(n corev1.Node) string {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Message
		}
	}
	return ""
}

// Eventually tries again and again, for what no event tells of, until try
// returns nil; it fails the test with the last error if that takes too long.
func Eventually(t testing.TB, limit time.Duration, try func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("still after %s: %v", limit, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
