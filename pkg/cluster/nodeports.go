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

// NodePortRange returns the API server's node port range, which no API exposes.
// It tries to create an invalid service and parses the range in the error, for
// which the user needs the permission to create services in the namespace.
// Without the permission, or if a webhook refuses or changes the service, it
// parses the flags of a kube-apiserver that runs as a pod. If neither works, it
// returns the default range, with Learned false.
//
// The error is non-nil if the API server created the service, which no release
// of Kubernetes does, and it could not be deleted.
func (c *Cluster) NodePortRange(ctx context.Context, namespace string) (nodeport.Range, error) {
	r, ok, err := c.refusedRange(ctx, namespace)
	if ok {
		return r, nil
	}
	return c.RangeOfFlags(ctx), err
}

// RangeOfFlags is like NodePortRange, but only sends read requests: it does not
// try to create a service.
func (c *Cluster) RangeOfFlags(ctx context.Context) nodeport.Range {
	pods, err := c.core.Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{
		LabelSelector: "component=kube-apiserver", ResourceVersion: "0",
	})
	if err != nil || len(pods.Items) == 0 {
		return nodeport.Default()
	}
	return rangeOfPods(pods.Items)
}

// refusedRange tries to create an invalid service and parses the range in the
// error of the node port allocator (k8s.io/kubernetes
// pkg/registry/core/service/portallocator/allocator.go, ErrNotInRange).
func (c *Cluster) refusedRange(ctx context.Context, namespace string) (r nodeport.Range, ok bool, err error) {
	created, err := c.core.Services(namespace).Create(ctx, invalidService(), metav1.CreateOptions{})
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

// invalidName is not a valid service name, because of the dot. In audit logs and
// webhooks it identifies the request and its purpose.
const invalidName = "kubectl-nodeport.reads-the-range"

// invalidService returns a service that is invalid for two reasons. The node port
// allocator refuses its node port, with an error that contains the range. If a
// webhook replaces the node port, validation, which runs after the allocator
// (k8s.io/apiserver pkg/registry/generic/registry/store.go, create), refuses the
// name.
func invalidService() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: invalidName},
		Spec: corev1.ServiceSpec{
			Type:  corev1.ServiceTypeNodePort,
			Ports: []corev1.ServicePort{{Port: 1, NodePort: 65536}},
		},
	}
}

// discard deletes a service that the API server has created although it is
// invalid.
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
	return fmt.Errorf("the API server created the invalid service %s, which it should refuse with its node port range, and it cannot be deleted: %w; "+
		"delete it with: kubectl delete service -n %s %s", created.Name, err, created.Namespace, created.Name)
}

// rangeOfPods returns the range of the API servers in pods. If they differ, or the
// range of one of them is not known, it returns the default range, with Learned
// false.
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
// if the flag is not set. ok is false if the value cannot be parsed.
func rangeOfPod(pod *corev1.Pod) (r nodeport.Range, ok bool) {
	value := nodeport.Default().String()
	for _, container := range pod.Spec.Containers {
		if given, ok := rangeFlag(slices.Concat(container.Command, container.Args)); ok {
			value = given
		}
	}
	return learned(value)
}

// rangeFlag returns the value of --service-node-port-range in a command line; the
// last one takes precedence. For a flag inside a shell script, given is true and
// value is empty.
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

// learned parses a range and sets Learned. ok is false if it is invalid.
func learned(s string) (r nodeport.Range, ok bool) {
	r, err := nodeport.ParseRange(s)
	r.Learned = err == nil
	return r, err == nil
}
