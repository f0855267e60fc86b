package cluster

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

// NodePortRange learns the API server's node port range, which no API tells.
// It asks for a service whose node port no range can hold, and reads the range
// in the refusal; nothing is ever created. That takes the permission to create
// services in the namespace; without it, or where a quota or a webhook
// answers first, the flags of a kube-apiserver that runs as a pod are read.
// The default range, not Learned, is returned when neither tells.
func (c *Cluster) NodePortRange(ctx context.Context, namespace string) nodeport.Range {
	if r, ok := c.refusedRange(ctx, namespace); ok {
		return r
	}
	return c.RangeOfFlags(ctx)
}

// RangeOfFlags is NodePortRange without the request to create: it sends
// nothing but a read.
func (c *Cluster) RangeOfFlags(ctx context.Context) nodeport.Range {
	pods, err := c.core.Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{
		LabelSelector: "component=kube-apiserver", ResourceVersion: "0",
	})
	if err != nil || len(pods.Items) == 0 {
		return nodeport.Default()
	}
	return rangeOfPods(pods.Items)
}

// refusedRange reads the range in the allocator's refusal (k8s.io/kubernetes
// pkg/registry/core/service/portallocator/allocator.go, ErrNotInRange).
func (c *Cluster) refusedRange(ctx context.Context, namespace string) (r nodeport.Range, ok bool) {
	created, err := c.core.Services(namespace).Create(ctx, impossible(), metav1.CreateOptions{})
	if err == nil {
		c.discard(ctx, created)
		return nodeport.Range{}, false
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return nodeport.Range{}, false
	}
	found := regexp.MustCompile(`The range of valid ports is (\d+-\d+)`).FindStringSubmatch(status.Status().Message)
	if found == nil {
		return nodeport.Range{}, false
	}
	return learned(found[1])
}

// impossible is a valid service but for its node port: field validation lets
// the number pass, and the allocator never does.
func impossible() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "nodeport-range-"},
		Spec: corev1.ServiceSpec{
			Type:  corev1.ServiceTypeNodePort,
			Ports: []corev1.ServicePort{{Port: 1, NodePort: 65536}},
		},
	}
}

// discard undoes what cannot happen unless a webhook rewrote the request.
func (c *Cluster) discard(ctx context.Context, created *corev1.Service) {
	_ = c.core.Services(created.Namespace).Delete(context.WithoutCancel(ctx), created.Name, metav1.DeleteOptions{
		Preconditions: metav1.NewUIDPreconditions(string(created.UID)),
	})
}

// rangeOfPods is the range that all API servers have; the default, not Learned,
// where they differ or one of them does not tell.
func rangeOfPods(pods []corev1.Pod) nodeport.Range {
	var found nodeport.Range
	for i := range pods {
		r, ok := rangeOfPod(&pods[i])
		if !ok || i > 0 && r != found {
			return nodeport.Default()
		}
		found = r
	}
	return found
}

// rangeOfPod reads the flag of a kube-apiserver, which has the default range
// when it is not given; ok is false for a flag that cannot be read.
func rangeOfPod(pod *corev1.Pod) (r nodeport.Range, ok bool) {
	value := nodeport.Default().String()
	for _, container := range pod.Spec.Containers {
		if given, ok := rangeFlag(slices.Concat(container.Command, container.Args)); ok {
			value = given
		}
	}
	return learned(value)
}

// rangeFlag returns the value that a command line gives to the range, the last
// of several. One within the script of a shell is given, but empty.
func rangeFlag(words []string) (value string, given bool) {
	const flag = "--service-node-port-range"
	for i, word := range words {
		name, assigned, _ := strings.Cut(word, "=")
		switch {
		case word == flag && i+1 < len(words):
			value, given = words[i+1], true
		case name == flag:
			value, given = assigned, true
		case strings.Contains(word, flag):
			value, given = "", true
		}
	}
	return value, given
}

func learned(s string) (nodeport.Range, bool) {
	r, err := nodeport.ParseRange(s)
	r.Learned = err == nil
	return r, err == nil
}
