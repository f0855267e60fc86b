package rig

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
	discoveryclient "k8s.io/client-go/kubernetes/typed/discovery/v1"
	"k8s.io/client-go/rest"
)

// Size says how many objects Populate makes.
type Size struct {
	// Services are of type NodePort as far as the default range has ports, one
	// each from 30000 on; the others are of type ClusterIP.
	Services int
	// Pods belong to the services in turn.
	Pods  int
	Nodes int
	// Namespaces, big-0 and so on, hold services and their pods in turn; 0 is one.
	Namespaces int
}

// Populate makes the objects of a big cluster, without anything that runs:
// nodes that are ready, pods that run on them, services and their endpoint
// slices, all as a cluster's controllers and kubelets would have left them. The
// objects depend on the size only. It is meant for a rig without controllers
// (StartAPI with Controllers()), which otherwise work against it.
func Populate(ctx context.Context, config *rest.Config, size Size) error {
	size.Namespaces = max(size.Namespaces, 1)
	config = rest.CopyConfig(config)
	config.QPS = -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	core, err := coreclient.NewForConfig(config)
	if err != nil {
		return err
	}
	discovery, err := discoveryclient.NewForConfig(config)
	if err != nil {
		return err
	}
	f := &filler{core: core, discovery: discovery, size: size}
	for _, step := range []struct {
		n    int
		make func(ctx context.Context, i int) error
	}{
		{size.Namespaces, f.namespace},
		{size.Nodes, f.node},
		{size.Pods, f.pod},
		{size.Services, f.service},
	} {
		if err := parallel(ctx, step.n, step.make); err != nil {
			return err
		}
	}
	return nil
}

type filler struct {
	core      coreclient.CoreV1Interface
	discovery discoveryclient.DiscoveryV1Interface
	size      Size
}

func (f *filler) namespace(ctx context.Context, i int) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("big-%d", i)}}
	_, err := f.core.Namespaces().Create(ctx, ns, metav1.CreateOptions{})
	return err
}

func (f *filler) node(ctx context.Context, i int) error {
	n, err := f.core.Nodes().Create(ctx, bigNode(i), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	n.Status = bigNode(i).Status
	_, err = f.core.Nodes().UpdateStatus(ctx, n, metav1.UpdateOptions{})
	return err
}

func (f *filler) pod(ctx context.Context, i int) error {
	pod := f.size.bigPod(i)
	made, err := f.core.Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	made.Status = f.size.bigPod(i).Status
	_, err = f.core.Pods(pod.Namespace).UpdateStatus(ctx, made, metav1.UpdateOptions{})
	return err
}

func (f *filler) service(ctx context.Context, i int) error {
	s := f.size.bigService(i)
	made, err := f.core.Services(s.Namespace).Create(ctx, s, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	for _, slice := range f.size.bigSlices(i, made) {
		if _, err := f.discovery.EndpointSlices(s.Namespace).Create(ctx, slice, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// requestsAtOnce keeps an API server busy without making requests wait so long
// that they time out.
const requestsAtOnce = 32

// parallel calls do with 0 to n-1, several at once, until one fails.
func parallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(n, requestsAtOnce) {
		wg.Go(func() {
			for i := range next {
				if err := do(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
feed:
	for i := range n {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}
