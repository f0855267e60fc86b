package manifest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// addMakers adds what objects of kinds that this program does not know may
// mean for pods. One with a template of pods, such as an Argo Rollout, is a
// workload like any other. Of another one an operator may make pods that no
// manifest shows; that is a gap.
func (b *builder) addMakers(objects []*Object, namespace string) {
	for _, object := range objects {
		if object.Object != nil || object.Name == "" {
			continue
		}
		if workload, ok := templated(object, namespace); ok {
			b.origins[workload.Ref] = origin{object: object}
			b.workloads = append(b.workloads, workload)
			b.snapshot.Workloads = append(b.snapshot.Workloads, workload.Workload)
		} else if mayMakePods(object) {
			b.snapshot.Gaps = append(b.snapshot.Gaps, snapshot.Gap{
				Resource: snapshot.UnknownPods, Namespace: object.In(namespace).Namespace, Err: errUnknownPods(object),
			})
		}
	}
}

func errUnknownPods(object *Object) error {
	return errors.New(object.Kind + " " + object.Name + " may make pods that no manifest shows")
}

// templated reads the pod template of an object as workloads have it.
func templated(object *Object, namespace string) (workload, bool) {
	var written struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     struct {
			Replicas    *int32                  `json:"replicas"`
			Selector    *metav1.LabelSelector   `json:"selector"`
			Template    *corev1.PodTemplateSpec `json:"template"`
			JobTemplate *struct {
				Spec struct {
					Template *corev1.PodTemplateSpec `json:"template"`
				} `json:"spec"`
			} `json:"jobTemplate"`
		} `json:"spec"`
	}
	if json.Unmarshal(object.JSON, &written) != nil {
		return workload{}, false
	}
	template := written.Spec.Template
	if written.Spec.JobTemplate != nil {
		template = written.Spec.JobTemplate.Spec.Template
	}
	if template == nil || len(template.Spec.Containers) == 0 {
		return workload{}, false
	}
	w := &snapshot.Workload{
		Ref: object.In(namespace), Labels: written.Metadata.Labels,
		Selector: written.Spec.Selector, Template: *template, Replicas: 1,
	}
	if written.Spec.Replicas != nil {
		w.Replicas = *written.Spec.Replicas
	}
	return workload{w, nil, object}, true
}

// mayMakePods tells whether an operator may turn an object into pods: that is
// so for all kinds that are not Kubernetes' own, but for those of well-known
// groups that only configure, watch or route.
func mayMakePods(object *Object) bool {
	group := group(object.APIVersion)
	if isBuiltin(object.APIVersion) || strings.HasSuffix(group, ".k8s.io") || slices.Contains(builtinGroups(), group) {
		return false
	}
	return !slices.ContainsFunc(podlessGroups(), func(podless string) bool {
		return group == podless || strings.HasSuffix(group, "."+podless)
	}) && !slices.Contains(podlessKinds(), object.Kind)
}

// builtinGroups are Kubernetes' groups without a domain, beside those of the
// known kinds.
func builtinGroups() []string { return []string{"autoscaling", "policy"} }

// podlessGroups are API groups of which no object makes pods that a service
// would select.
func podlessGroups() []string {
	return []string{
		"istio.io", "cert-manager.io", "linkerd.io", "cilium.io", "projectcalico.org", "external-secrets.io", "bitnami.com",
		"traefik.io", "traefik.containo.us", "metallb.io", "kyverno.io", "gatekeeper.sh", "keda.sh", "getambassador.io",
		"openpolicyagent.org", "kustomize.config.k8s.io", "cnrm.cloud.google.com", "voyagermesh.com", "contour.heptio.com",
		"projectcontour.io", "k8s.nginx.org", "konghq.com", "velero.io", "secrets-store.csi.x-k8s.io", "gateway.networking.k8s.io",
	}
}

// podlessKinds are those of groups that have others, which make pods.
func podlessKinds() []string {
	return []string{
		"ServiceMonitor", "PodMonitor", "PrometheusRule", "Probe", "ScrapeConfig", "AppProject", "GitRepository",
		"HelmRepository", "OCIRepository", "Bucket", "ImagePolicy", "ImageRepository", "VerticalPodAutoscaler", "Route",
	}
}
