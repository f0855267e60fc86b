package cluster

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

// NodePortRange learns the API server's node port range, which no API exposes.
// It asks for a service that cannot be created, and reads the range in the
// error; that takes the permission to create services in the namespace. Without
// it, or where a webhook refuses or changes the service, it reads the flags of a
// kube-apiserver that runs as a pod. If neither works, it returns the default
// range, not Learned.
//
// The error is not nil when the service was created in spite of all and could
// not be deleted, which no release of Kubernetes does.
func (c *Cluster) NodePortRange(ctx context.Context, namespace string) (nodeport.Range, error) {
	r, ok, err := c.refusedRange(ctx, namespace)
	if ok {
		return r, nil
	}
	return c.RangeOfFlags(ctx), err
}

// RangeOfFlags is like NodePortRange without the request to create a service:
// it only reads.
func (c *Cluster) RangeOfFlags(ctx context.Context) nodeport.Range {
	pods, err := c.core.Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{
		LabelSelector: "component=kube-apiserver", ResourceVersion: "0",
	})
	if err != nil || len(pods.Items) == 0 {
		return nodeport.Default()
	}
	return rangeOfPods(pods.Items)
}

// refusedRange reads the range in the error of the node port allocator
// (k8s.io/kubernetes pkg/registry/core/service/portallocator/allocator.go,
// ErrNotInRange).
func (c *Cluster) refusedRange(ctx context.Context, namespace string) (r nodeport.Range, ok bool, err error) {
	created, err := c.core.Services(namespace).Create(ctx, impossible(), metav1.CreateOptions{})
	if err == nil {
		return nodeport.Range{}, false, c.discard(ctx, created)
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return nodeport.Range{}, false, nil
	}
	found := regexp.MustCompile(`The range of valid ports is (\d+-\d+)`).FindStringSubmatch(status.Status().Message)
	if found == nil {
		return nodeport.Range{}, false, nil
	}
	r, ok = learned(found[1])
	return r, ok, nil
}

// impossibleName cannot be the name of a service, because of the dot. It shows
// in audit logs and to webhooks who asks, and for what.
const impossibleName = "kubectl-nodeport.reads-the-range"

// impossible returns a service that cannot be created for two reasons. The
// allocator refuses its node port, in an error that has the range. It runs
// before validation (k8s.io/apiserver pkg/registry/generic/registry/store.go,
// create), so if a webhook replaces the node port, validation refuses the name.
func impossible() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: impossibleName},
		Spec: corev1.ServiceSpec{
			Type:  corev1.ServiceTypeNodePort,
			Ports: []corev1.ServicePort{{Port: 1, NodePort: 65536}},
		},
	}
}

// discard deletes a service that a server has created although it is invalid.
func (c *Cluster) discard(ctx context.Context, created *corev1.Service) error {
	const timeout = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	err := c.core.Services(created.Namespace).Delete(ctx, created.Name, metav1.DeleteOptions{
		Preconditions: metav1.NewUIDPreconditions(string(created.UID)),
	})
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("the API server created the invalid service %s, by which its node port range is read, and it cannot be deleted: %w; "+
		"delete it with: kubectl delete service -n %s %s", created.Name, err, created.Namespace, created.Name)
}

// rangeOfPods returns the range that all API servers have. It is the default, not
// Learned, where they differ or one of them does not show its range.
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

// rangeOfPod returns the range in the flags of a kube-apiserver, or the default
// without the flag. ok is false for a value that cannot be read.
func rangeOfPod(pod *corev1.Pod) (r nodeport.Range, ok bool) {
	value := nodeport.Default().String()
	for _, container := range pod.Spec.Containers {
		if given, ok := rangeFlag(slices.Concat(container.Command, container.Args)); ok {
			value = given
		}
	}
	return learned(value)
}

// rangeFlag returns the value of the range's flag in a command line, the last of
// several. Within the script of a shell it is given, but empty.
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
