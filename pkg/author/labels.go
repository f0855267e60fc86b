package author

import "strings"

// rolloutUniqueLabelKey is to an Argo Rollout what pod-template-hash is to a
// Deployment.
const rolloutUniqueLabelKey = "rollouts-pod-template-hash"

// clean returns the labels that say what something is, without those that
// controllers and tools add for themselves; nil when none is left.
func clean(labels map[string]string) map[string]string {
	var kept map[string]string
	for key, value := range labels {
		if generated(key) || toolMark(key) {
			continue
		}
		if kept == nil {
			kept = make(map[string]string, len(labels))
		}
		kept[key] = value
	}
	return kept
}

// generated tells whether a controller gives this label to single pods or to
// one revision of them. What selects by it loses its pods with the next rollout.
func generated(key string) bool {
	switch key {
	case "pod-template-hash", rolloutUniqueLabelKey,
		"controller-revision-hash", "pod-template-generation",
		"job-name", "controller-uid":
		return true
	}
	switch domain(key) {
	case "apps.kubernetes.io", "batch.kubernetes.io", "statefulset.kubernetes.io",
		"topology.kubernetes.io", // the node's zone, since Kubernetes 1.35 on its pods too
		"istio.io", "security.istio.io", "service.istio.io", "linkerd.io",
		"apps.kruise.io", "lifecycle.apps.kruise.io":
		return true
	}
	return false
}

// toolMark tells whether a tool knows by this label what belongs to it. On a
// service that the tool did not make, it would be a lie, for which some tools
// delete the service.
func toolMark(key string) bool {
	switch key {
	case "app.kubernetes.io/managed-by", "helm.sh/chart":
		return true
	}
	switch domain(key) {
	case "addonmanager.kubernetes.io", "argocd.argoproj.io", "objectset.rio.cattle.io",
		"helm.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io":
		return true
	}
	return false
}

// domain is the part of a label's key before the slash.
func domain(key string) string {
	before, _, found := strings.Cut(key, "/")
	if !found {
		return ""
	}
	return before
}
