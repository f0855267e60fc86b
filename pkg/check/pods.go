package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// podRules look at the state of the pods. It passes, so none of these keeps a
// service from being created.
func podRules() []Rule {
	return []Rule{{
		ID: "NP221", Severity: Error, Title: "no pod is ready", find: noneReady,
		Explanation: "Only pods that are ready get traffic. When none is, nodes refuse the connection at once.",
	}, {
		ID: "NP222", Severity: Warning, Title: "all pods are being deleted", find: allTerminating,
		Explanation: "While no other pod is ready, traffic still goes to pods that are shutting down and can serve. When " +
			"they are gone, nodes refuse the connection.",
	}, {
		ID: "NP223", Severity: Info, Title: "some pods are not ready", find: someNotReady,
		Explanation: "The other pods take the traffic.",
	}, {
		ID: "NP224", Severity: Error, Title: "all pods have ended", find: allEnded,
		Explanation: "Pods that have succeeded or failed, such as those of a Job, get no traffic.",
	}}
}

// tally sorts the pods behind a service by what kube-proxy would do with them
// (k8s.io/endpointslice utils.go, podToEndpoint).
type tally struct {
	ready, draining, out []*corev1.Pod
	// unknown tells that a pod has no status, as one that a manifest describes.
	unknown bool
}

func (x *subject) tally() tally {
	var t tally
	for i := range x.backends {
		pod := x.backends[i].pod
		switch {
		case pod == nil || pod.Status.Phase == "":
			t.unknown = true
		case serving(pod) && pod.DeletionTimestamp == nil:
			t.ready = append(t.ready, pod)
		case serving(pod):
			t.draining = append(t.draining, pod)
		default:
			t.out = append(t.out, pod)
		}
	}
	return t
}

func serving(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func noneReady(x *subject) []Finding {
	t := x.tally()
	if t.unknown || len(t.out) == 0 || len(t.ready)+len(t.draining) > 0 || x.service.Spec.PublishNotReadyAddresses {
		return nil
	}
	pod, trouble := worst(t.out)
	message := fmt.Sprintf("none of %d pods is ready: in %s %s", len(t.out), plain(pod.Name), trouble.why)
	if len(t.out) == 1 {
		message = fmt.Sprintf("the only pod, %s, is not ready: %s", plain(pod.Name), trouble.why)
	}
	return []Finding{{
		Object: snapshot.RefOf("Pod", pod), Message: message, Fix: trouble.fix, Passing: true,
	}}
}

func allTerminating(x *subject) []Finding {
	t := x.tally()
	if t.unknown || len(t.ready) > 0 || len(t.draining) == 0 {
		return nil
	}
	return []Finding{{
		Object: snapshot.RefOf("Pod", t.draining[0]),
		Message: fmt.Sprintf("no pod is ready but %s being deleted: when %s gone, nothing answers",
			haveGerund(len(t.draining)), itIs(len(t.draining))),
		Fix:     "see why no new pods are made: " + describe(x.ownerOf(t.draining[0])),
		Passing: true,
	}}
}

func someNotReady(x *subject) []Finding {
	t := x.tally()
	if t.unknown || len(t.out) == 0 || len(t.ready)+len(t.draining) == 0 {
		return nil
	}
	pod, trouble := worst(t.out)
	return []Finding{{
		Object: snapshot.RefOf("Pod", pod),
		Message: fmt.Sprintf("%d of %d pods %s not ready: in %s %s", len(t.out),
			len(t.out)+len(t.ready)+len(t.draining), areOrIs(len(t.out)), plain(pod.Name), trouble.why),
		Fix:     trouble.fix,
		Passing: true,
	}}
}

func allEnded(x *subject) []Finding {
	if len(x.backends) > 0 || !x.onlyEnded() {
		return nil
	}
	pods := x.PodsMatching(x.ref.Namespace, x.service.Spec.Selector)
	return []Finding{{
		Object:  snapshot.RefOf("Pod", pods[0]),
		Message: fmt.Sprintf("all pods that the selector matches have ended: %s is %s", plain(pods[0].Name), pods[0].Status.Phase),
		Fix:     describe(x.ownerOf(pods[0])),
		Passing: true,
	}}
}

// onlyEnded tells whether the selector matches pods, but none that will serve.
func (x *subject) onlyEnded() bool {
	pods := x.PodsMatching(x.ref.Namespace, x.service.Spec.Selector)
	return len(pods) > 0 && len(x.backends) == 0
}

func describe(ref snapshot.Ref) string {
	return fmt.Sprintf("kubectl describe %s %s -n %s", lower(ref.Kind), plain(ref.Name), plain(ref.Namespace))
}

func haveGerund(n int) string { return fmt.Sprintf("%s %s", count(n, "pod"), areOrIs(n)) }

func itIs(n int) string {
	if n == 1 {
		return "it is"
	}
	return "they are"
}
