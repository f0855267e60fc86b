package check

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func deleted(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: time.Unix(1700000000, 0)} }

// inState gives the pod's container a state, and makes it not ready.
func inState(state corev1.ContainerState) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		notReady(p)
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", Image: "sha256:1234", State: state, RestartCount: 12}}
	}
}

func waiting(reason, message string) func(*corev1.Pod) {
	return inState(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}})
}

// saying adds a condition that is not met.
func saying(condition corev1.PodConditionType, reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		notReady(p)
		p.Status.Conditions = append([]corev1.PodCondition{{
			Type: condition, Status: corev1.ConditionFalse, Reason: reason, Message: message,
		}}, p.Status.Conditions...)
	}
}

func podCases() []ruleCase {
	running := inState(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})
	ended := inState(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 2}})
	probed := func(p *corev1.Pod) { p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{} }
	preparing := func(p *corev1.Pod) {
		inState(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})(p)
		p.Status.InitContainerStatuses, p.Status.ContainerStatuses = p.Status.ContainerStatuses, nil
	}
	gone := func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }
	only := func(why string) []string {
		return []string{"error Pod/shop/web-1: the only pod, web-1, is not ready: " + why}
	}
	return []ruleCase{{
		id: "NP221", name: "a pod is ready", service: service(),
	}, {
		id: "NP221", name: "a pod that a manifest describes has no state", service: service(),
		in: []any{pod(func(p *corev1.Pod) { p.Status = corev1.PodStatus{} })},
	}, {
		id: "NP221", name: "pods are published before they are ready", in: []any{pod(notReady)},
		service: service(func(s *corev1.Service) { s.Spec.PublishNotReadyAddresses = true }),
	}, {
		id: "NP221", name: "it crashes", service: service(), in: []any{pod(waiting("CrashLoopBackOff", "back-off 5m0s"))},
		want: only("container web crashes again and again (CrashLoopBackOff, 12 restarts)"),
		fix:  "kubectl logs web-1 -n shop -c web --previous",
	}, {
		id: "NP221", name: "its image is not there", service: service(), in: []any{pod(waiting("ImagePullBackOff", "Back-off pulling image"))},
		want: only("the image example.com/web:1 of container web cannot be pulled (ImagePullBackOff)"),
		fix:  "kubectl describe pod web-1 -n shop",
	}, {
		id: "NP221", name: "its configuration is not there", service: service(),
		in:   []any{pod(waiting("CreateContainerConfigError", "secret \"db\"\nnot found."))},
		want: only(`container web cannot be started: CreateContainerConfigError: secret "db" not found`),
	}, {
		id: "NP221", name: "its container has ended", service: service(), in: []any{pod(ended)},
		want: only("container web has ended with exit code 2"),
	}, {
		id: "NP221", name: "its init container still runs", service: service(), in: []any{pod(preparing)},
		want: only("init container web is still running"),
	}, {
		id: "NP221", name: "no node takes it", service: service(),
		in:   []any{pod(saying(corev1.PodScheduled, "Unschedulable", "0/3 nodes are available: 3 Insufficient memory."))},
		want: only("it cannot be scheduled: 0/3 nodes are available: 3 Insufficient memory"),
	}, {
		id: "NP221", name: "a readiness gate is closed", service: service(),
		in: []any{pod(func(p *corev1.Pod) {
			notReady(p)
			p.Status.Conditions[0].Reason = "ReadinessGatesNotReady"
			p.Status.Conditions[0].Message = `corresponding condition of pod readiness gate "lb" does not exist.`
		})},
		want: only(`a readiness gate is not met: corresponding condition of pod readiness gate "lb" does not exist`),
	}, {
		id: "NP221", name: "its readiness probe fails", service: service(), in: []any{pod(running, probed)},
		want: only("the readiness probe of container web fails"),
	}, {
		id: "NP221", name: "it runs and is not ready, nobody knows why", service: service(), in: []any{pod(running)},
		want: only("container web is not ready"),
	}, {
		id: "NP221", name: "it is starting", service: service(), in: []any{pod(notReady)},
		want: only("it is still starting (Running)"),
	}, {
		id: "NP221", name: "of two the one in most trouble is named", service: service(),
		in:   []any{pod(notReady), second(waiting("CrashLoopBackOff", ""))},
		want: []string{"error Pod/shop/web-2: none of 2 pods is ready: in web-2 container web crashes again and again (CrashLoopBackOff, 12 restarts)"},
	}, {
		id: "NP222", name: "one is being deleted, another is ready", service: service(), in: []any{pod(deleted), second()},
	}, {
		id: "NP222", name: "all are being deleted and still serve", service: service(), in: []any{pod(deleted)},
		want: []string{"warning Pod/shop/web-1: no pod is ready but 1 pod is being deleted: when it is gone, nothing answers"},
	}, {
		id: "NP223", name: "all are ready", service: service(), in: []any{pod(), second()},
	}, {
		id: "NP223", name: "one of two is ready", service: service(), in: []any{pod(), second(running, probed)},
		want: []string{"info Pod/shop/web-2: 1 of 2 pods is not ready: in web-2 the readiness probe of container web fails"},
	}, {
		id: "NP224", name: "one of two has ended", service: service(), in: []any{pod(), second(gone)},
	}, {
		id: "NP224", name: "all have ended", service: service(), in: []any{pod(gone)},
		want: []string{"error Pod/shop/web-1: all pods that the selector matches have ended: web-1 is Succeeded"},
	}}
}
