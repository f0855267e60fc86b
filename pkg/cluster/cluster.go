// Package cluster reads the objects of a live cluster into a snapshot, watches
// them, and creates and applies services. It is the only package that calls the
// API server.
//
//	c, err := cluster.New(config)
//	snapshot, err := c.Read(ctx, cluster.Query{Namespace: "shop", Slices: true, Nodes: true})
//
// Errors wrap those of the API server, so the functions of
// k8s.io/apimachinery/pkg/api/errors work on them.
package cluster

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	appsv1 "k8s.io/client-go/kubernetes/typed/apps/v1"
	batchv1 "k8s.io/client-go/kubernetes/typed/batch/v1"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	discoveryv1 "k8s.io/client-go/kubernetes/typed/discovery/v1"
	networkingv1 "k8s.io/client-go/kubernetes/typed/networking/v1"
	"k8s.io/client-go/rest"
)

// Cluster is a client of an API server. It is safe for concurrent use.
type Cluster struct {
	core       corev1.CoreV1Interface
	apps       appsv1.AppsV1Interface
	batch      batchv1.BatchV1Interface
	discovery  discoveryv1.DiscoveryV1Interface
	networking networkingv1.NetworkingV1Interface
	// proxied sends the requests that the API server proxies to nodes and pods.
	proxied *http.Client
	config  *rest.Config
	// untyped is true once the API server has refused to select services by type.
	untyped atomic.Bool
}

// New returns a client of the API server that config names. It sends no request.
//
// It uses the typed clients of single API groups, because the complete clientset
// adds 11 MB to the program.
func New(config *rest.Config) (*Cluster, error) {
	config = rest.CopyConfig(config)
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	config.QPS = -1 // a command sends few requests, so there is nothing to throttle
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to the API server: %w", err)
	}
	client = withinServer(client)
	c := &Cluster{config: config}
	if c.proxied, err = newProxiedClient(config); err != nil {
		return nil, fmt.Errorf("cannot connect to the API server: %w", err)
	}
	if c.core, err = corev1.NewForConfigAndClient(config, client); err != nil {
		return nil, err
	}
	if c.apps, err = appsv1.NewForConfigAndClient(config, client); err != nil {
		return nil, err
	}
	if c.batch, err = batchv1.NewForConfigAndClient(config, client); err != nil {
		return nil, err
	}
	if c.discovery, err = discoveryv1.NewForConfigAndClient(config, client); err != nil {
		return nil, err
	}
	if c.networking, err = networkingv1.NewForConfigAndClient(config, client); err != nil {
		return nil, err
	}
	return c, nil
}

// NoNamespace reports whether the namespace is known not to exist. It returns
// false for metav1.NamespaceAll, and if the API server cannot answer.
func (c *Cluster) NoNamespace(ctx context.Context, name string) bool {
	if name == metav1.NamespaceAll {
		return false
	}
	_, err := c.core.Namespaces().Get(ctx, name, metav1.GetOptions{})
	return apierrors.IsNotFound(err) && err.Error() == apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, name).Error()
}
