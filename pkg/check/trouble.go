package check

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// trouble is why a pod is not ready.
type trouble struct {
	// why is a clause: "container web is in CrashLoopBackOff".
	why string
	fix string
	// weight orders troubles: those that do not pass by themselves are heavier.
	weight int
}

const (
	starting = iota
	failing
	broken
)

// worst returns the pod that is in most trouble, the first of several.
func worst(pods []*corev1.Pod) (*corev1.Pod, trouble) {
	var heaviest trouble
	var in *corev1.Pod
	for _, pod := range pods {
		if found := troubleOf(pod); in == nil || found.weight > heaviest.weight {
			in, heaviest = pod, found
		}
	}
	return in, heaviest
}

// troubleOf tells why a pod is not ready, from the cause that is nearest to
// its containers.
func troubleOf(pod *corev1.Pod) trouble {
	about := describe(snapshot.RefOf("Pod", pod))
	if pod.DeletionTimestamp != nil {
		return trouble{why: "it is being deleted and no longer serves", fix: about}
	}
	for i, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for j := range statuses {
			if found, ok := containerTrouble(pod, &statuses[j], i == 0); ok {
				return found
			}
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Status == corev1.ConditionTrue {
			continue
		}
		switch {
		case condition.Type == corev1.PodScheduled && condition.Reason == corev1.PodReasonUnschedulable:
			return trouble{why: "it cannot be scheduled" + because(condition.Message), fix: about, weight: broken}
		case condition.Type == corev1.PodReady && condition.Reason == "ReadinessGatesNotReady":
			return trouble{why: "a readiness gate is not met" + because(condition.Message), fix: about, weight: failing}
		}
	}
	return unready(pod, about)
}

// containerTrouble reads the state of a container
// (k8s.io/kubernetes pkg/kubelet/images/types.go and pkg/kubelet/kuberuntime name the reasons).
func containerTrouble(pod *corev1.Pod, status *corev1.ContainerStatus, init bool) (trouble, bool) {
	name := "container " + plain(status.Name)
	if init {
		name = "init " + name
	}
	logs := fmt.Sprintf("kubectl logs %s -n %s -c %s", plain(pod.Name), plain(pod.Namespace), plain(status.Name))
	about := describe(snapshot.RefOf("Pod", pod))
	switch waiting, ended := status.State.Waiting, status.State.Terminated; {
	case waiting != nil && waiting.Reason == "CrashLoopBackOff":
		why := fmt.Sprintf("%s crashes again and again (CrashLoopBackOff, %s)", name, count(int(status.RestartCount), "restart"))
		return trouble{why: why, fix: logs + " --previous", weight: broken}, true
	case waiting != nil && slices.Contains(pullReasons(), waiting.Reason):
		why := fmt.Sprintf("the image %s of %s cannot be pulled (%s)", plain(imageOf(pod, status)), name, waiting.Reason)
		return trouble{why: why, fix: about, weight: broken}, true
	case waiting != nil && strings.HasSuffix(waiting.Reason, "Error"):
		return trouble{why: name + " cannot be started: " + waiting.Reason + because(waiting.Message), fix: about, weight: broken}, true
	case ended != nil && (!init || ended.ExitCode != 0):
		why := fmt.Sprintf("%s has ended with exit code %d", name, ended.ExitCode)
		if ended.Reason == "OOMKilled" {
			why = name + " needed more memory than its limit and was killed (OOMKilled)"
		}
		return trouble{why: why, fix: logs, weight: failing}, true
	case init && status.State.Running != nil && (status.Started == nil || !*status.Started):
		return trouble{why: name + " is still running", fix: logs}, true
	}
	return trouble{}, false
}

func pullReasons() []string {
	return []string{"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"}
}

// imageOf prefers what the pod asks for to what the node made of it.
func imageOf(pod *corev1.Pod, status *corev1.ContainerStatus) string {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Name == status.Name {
			return pod.Spec.Containers[i].Image
		}
	}
	return status.Image
}

// unready is for containers that run, and pods of which little is known.
func unready(pod *corev1.Pod, about string) trouble {
	for i := range pod.Status.ContainerStatuses {
		status := &pod.Status.ContainerStatuses[i]
		if status.State.Running == nil || status.Ready {
			continue
		}
		if hasReadinessProbe(pod, status.Name) {
			return trouble{why: "the readiness probe of container " + plain(status.Name) + " fails", fix: about, weight: failing}
		}
		return trouble{why: "container " + plain(status.Name) + " is not ready", fix: about}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Reason != "" {
			return trouble{why: "its condition Ready is " + string(condition.Status) + " (" + plain(condition.Reason) + ")", fix: about}
		}
	}
	return trouble{why: "it is still starting (" + string(pod.Status.Phase) + ")", fix: about}
}

func hasReadinessProbe(pod *corev1.Pod, container string) bool {
	return slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
		return c.Name == container && c.ReadinessProbe != nil
	})
}

// because appends what a controller said, on one line and without its full stop.
func because(message string) string {
	if message == "" {
		return ""
	}
	return ": " + strings.TrimRight(strings.Join(strings.Fields(message), " "), ".")
}
