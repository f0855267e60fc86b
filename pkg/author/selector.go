package author

import (
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// selector returns the selector that the user gave, or else the source's.
func (s Source) selector(given map[string]string) (map[string]string, error) {
	if len(given) > 0 {
		return maps.Clone(given), nil
	}
	if s.SelectorErr != nil {
		return nil, s.SelectorErr
	}
	return maps.Clone(s.Selector), nil
}

// podSelector selects a bare pod by the labels that no controller set.
func podSelector(pod *corev1.Pod) (map[string]string, error) {
	selector := clean(pod.Labels)
	if len(selector) > 0 {
		return selector, nil
	}
	reason := "has no labels"
	if len(pod.Labels) > 0 {
		reason = "has only labels that controllers set"
	}
	namespace := ""
	if pod.Namespace != "" {
		namespace = " -n " + pod.Namespace
	}
	// A valid service name is a valid label value.
	value := validName(pod.Name)
	if value == "" {
		value = "APP"
	}
	return nil, fmt.Errorf("pod/%s %s, so no service can select it; add one with: "+
		"kubectl label pod %s app=%s%s", pod.Name, reason, pod.Name, value, namespace)
}

// workloadSelector returns a workload's own selector, as labels.
func workloadSelector(w *snapshot.Workload) (map[string]string, error) {
	if w.Kind == "Job" && !handMade(w.Selector) {
		return jobSelector(w), nil
	}
	selector, err := matchLabels(w.Selector)
	if err != nil {
		return nil, fmt.Errorf("the selector of %s %w; give labels with --selector", typeName(w.Ref), err)
	}
	// The selector of a Deployment's ReplicaSet has the hash of one revision in
	// addition, with which the service would select nothing after a rollout.
	if w.Controller != nil {
		delete(selector, appsv1.DefaultDeploymentUniqueLabelKey)
		delete(selector, rolloutUniqueLabelKey)
	}
	if len(selector) == 0 {
		return nil, fmt.Errorf("%s has no selector; give labels with --selector", typeName(w.Ref))
	}
	return selector, nil
}

// handMade reports whether a Job's selector was written by hand. The API server
// generates one from the UID of the Job, which differs from run to run.
func handMade(selector *metav1.LabelSelector) bool {
	return selector != nil && (len(clean(selector.MatchLabels)) > 0 || len(selector.MatchExpressions) > 0)
}

// jobSelector selects the pods of a Job with a generated selector: by the
// labels of its template, which later runs of the Job have, too, or else by the
// Job's name, which the Job controller sets on every pod.
func jobSelector(w *snapshot.Workload) map[string]string {
	if selector := clean(w.Template.Labels); len(selector) > 0 {
		return selector
	}
	return map[string]string{batchv1.JobNameLabel: w.Name}
}

// matchLabels returns a selector as plain labels, which is all that a service
// can have. The error names the part that labels cannot express.
func matchLabels(selector *metav1.LabelSelector) (map[string]string, error) {
	if selector == nil {
		return nil, nil
	}
	labels := merged(nil, selector.MatchLabels)
	for _, expression := range selector.MatchExpressions {
		if expression.Operator != metav1.LabelSelectorOpIn || len(expression.Values) != 1 {
			return nil, fmt.Errorf("has the expression %q, which the selector of a service cannot express", expressionString(expression))
		}
		value := expression.Values[0]
		if other, ok := labels[expression.Key]; ok && other != value {
			return nil, fmt.Errorf("has both the expression %q and %s=%s, so it selects nothing",
				expressionString(expression), expression.Key, other)
		}
		labels = merged(labels, map[string]string{expression.Key: value})
	}
	return labels, nil
}

// expressionString writes an expression as kubectl -l takes it.
func expressionString(expression metav1.LabelSelectorRequirement) string {
	return metav1.FormatLabelSelector(&metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{expression},
	})
}
