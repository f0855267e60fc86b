package author

import "strings"

// rolloutUniqueLabelKey is the label by which an Argo Rollout identifies one
// revision, as a Deployment does with pod-template-hash.
const rolloutUniqueLabelKey = "rollouts-pod-template-hash"

// clean returns the labels without those that controllers and tools add for
// their own use; nil when none is left.
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

// generated reports whether a controller sets this label on single pods or on
// one revision of them. A selector with such a label matches nothing after the
// next rollout.
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

// toolMark reports whether a tool marks its own objects with this label. Some
// tools delete objects that have their label and that they did not create.
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

// domain returns the part of a label's key before the slash.
func domain(key string) string {
	before, _, found := strings.Cut(key, "/")
	if !found {
		return ""
	}
	return before
}
