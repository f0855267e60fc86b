package manifest

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// known returns an empty object of a kind that this program knows, and the
// apiVersion by which it knows the kind; nil for other kinds.
func known(kind string) (object runtime.Object, apiVersion string) {
	switch kind {
	case "Service":
		return &corev1.Service{}, "v1"
	case "Endpoints":
		return &corev1.Endpoints{}, "v1" //nolint:staticcheck // deprecated, yet still in manifests and still mirrored
	case "Pod":
		return &corev1.Pod{}, "v1"
	case "Node":
		return &corev1.Node{}, "v1"
	case "Namespace":
		return &corev1.Namespace{}, "v1"
	case "ReplicationController":
		return &corev1.ReplicationController{}, "v1"
	case "Deployment":
		return &appsv1.Deployment{}, "apps/v1"
	case "StatefulSet":
		return &appsv1.StatefulSet{}, "apps/v1"
	case "DaemonSet":
		return &appsv1.DaemonSet{}, "apps/v1"
	case "ReplicaSet":
		return &appsv1.ReplicaSet{}, "apps/v1"
	case "Job":
		return &batchv1.Job{}, "batch/v1"
	case "EndpointSlice":
		return &discoveryv1.EndpointSlice{}, "discovery.k8s.io/v1"
	case "NetworkPolicy":
		return &networkingv1.NetworkPolicy{}, "networking.k8s.io/v1"
	}
	return nil, ""
}

func knownKinds() []string {
	return []string{
		"DaemonSet", "Deployment", "EndpointSlice", "Endpoints", "Job", "Namespace", "NetworkPolicy", "Node",
		"Pod", "ReplicaSet", "ReplicationController", "Service", "StatefulSet",
	}
}

// isClusterScoped tells the known kinds that are in no namespace.
func isClusterScoped(kind string) bool { return kind == "Node" || kind == "Namespace" }

// isBuiltin tells the API groups that define the known kinds. Another group
// may have a kind of the same name, as Knative has a Service of its own.
func isBuiltin(apiVersion string) bool {
	switch group(apiVersion) {
	case "", "apps", "batch", "extensions", "discovery.k8s.io", "networking.k8s.io":
		return true
	}
	return false
}

// group is the API group of an apiVersion; empty for "v1".
func group(apiVersion string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return ""
	}
	return group
}
