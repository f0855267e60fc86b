package check

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// templateRules look at the workloads behind a service: when the API server
// refuses them, there will be no pods.
func templateRules() []Rule {
	return []Rule{{
		ID: "NP206", Severity: Error, Title: "workload is refused", find: refusedWorkload,
		Explanation: "The selector of a Deployment, StatefulSet, DaemonSet or ReplicaSet has to match the labels of its own " +
			"template. Otherwise the API server refuses the workload, and the service has no pods.",
	}, {
		ID: "NP217", Severity: Warning, Title: "target port name is declared twice", find: perPort(ambiguousTarget),
		Explanation: "Two containers of a pod declare ports of the same name and protocol with different numbers. Traffic goes " +
			"to the first of them.",
	}, {
		ID: "NP218", Severity: Error, Title: "container port is refused", find: refusedPorts,
		Explanation: "The API server holds the ports of containers to a syntax too: a number between 1 and 65535, a name of at most 15 " +
			"lower-case letters, digits and hyphens that is unique in the container, the protocol in capitals, and on the " +
			"host's network the same number as host port. It refuses the pod otherwise.",
	}}
}

// behind returns the workloads that pods behind the service come from, once each.
func (x *subject) behind() []*snapshot.Workload {
	var workloads []*snapshot.Workload
	for _, owner := range owners(x.backends) {
		if workload := x.Workload(owner.Kind, owner.Namespace, owner.Name); workload != nil {
			workloads = append(workloads, workload)
		}
	}
	return workloads
}

// refusedWorkload mirrors validation of selector and template
// (k8s.io/kubernetes pkg/apis/apps/validation/validation.go, ValidatePodTemplateSpecForReplicaSet).
func refusedWorkload(x *subject) []Finding {
	var findings []Finding
	for _, workload := range x.behind() {
		if !slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}, workload.Kind) {
			continue
		}
		if workload.Selector == nil || len(workload.Selector.MatchLabels)+len(workload.Selector.MatchExpressions) == 0 {
			findings = append(findings, Finding{
				Object: workload.Ref, Field: "spec.selector",
				Message: fmt.Sprintf("%s has no selector, so the API server refuses it and there will be no pods", objectText(workload.Ref)),
				Fix:     fmt.Sprintf(`set spec.selector to {"matchLabels":%s}`, jsonText(workload.Template.Labels)),
			})
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(workload.Selector)
		if err == nil && !selector.Matches(labels.Set(workload.Template.Labels)) {
			findings = append(findings, Finding{
				Object: workload.Ref, Field: "spec.selector",
				Message: fmt.Sprintf("the selector of %s does not match the labels of its own template, %s, so the API server refuses it and there will be no pods",
					objectText(workload.Ref), selectorText(workload.Template.Labels)),
				Fix: fmt.Sprintf(`set spec.selector to {"matchLabels":%s}, or the labels of the template to those of the selector`,
					jsonText(workload.Template.Labels)),
			})
		}
	}
	return findings
}

func ambiguousTarget(x *subject, i int, port *corev1.ServicePort) []Finding {
	if !named(port) {
		return nil
	}
	for j := range x.backends {
		backend := &x.backends[j]
		var first, other *corev1.Container
		var number, otherNumber int32
		for container := range containers(backend.spec) {
			for k := range container.Ports {
				declared := &container.Ports[k]
				if declared.Name != port.TargetPort.StrVal || protocolOf(declared) != port.Protocol {
					continue
				}
				if first == nil {
					first, number = container, declared.ContainerPort
				} else if declared.ContainerPort != number && other == nil {
					other, otherNumber = container, declared.ContainerPort
				}
			}
		}
		if other != nil {
			return []Finding{{
				Field: portField(i, "targetPort"),
				Message: fmt.Sprintf("target port %s of %s is declared by container %s of %s as %d and by container %s as %d: only %d gets traffic",
					plain(port.TargetPort.StrVal), x.portName(i), plain(first.Name), objectText(backend.owner), number,
					plain(other.Name), otherNumber, number),
				Fix: "give the ports different names, or " + x.patchPort(i, "targetPort", otherNumber) + " if that one is meant",
			}}
		}
	}
	return nil
}

// refusedPorts looks at templates and pods that no API server has taken yet.
func refusedPorts(x *subject) []Finding {
	var findings []Finding
	seen := map[snapshot.Ref]bool{}
	for i := range x.backends {
		backend := &x.backends[i]
		if seen[backend.owner] || backend.pod != nil && backend.pod.UID != "" {
			continue
		}
		seen[backend.owner] = true
		for container := range containers(backend.spec) {
			if why, fix := refusedPort(container, backend.spec.HostNetwork); why != "" {
				findings = append(findings, Finding{
					Object: backend.owner,
					Message: fmt.Sprintf("container %s of %s: %s, so the API server refuses its pods",
						plain(container.Name), objectText(backend.owner), why),
					Fix: fix,
				})
			}
		}
	}
	return findings
}

// refusedPort mirrors validateContainerPorts
// (k8s.io/kubernetes pkg/apis/core/validation/validation.go).
func refusedPort(container *corev1.Container, hostNetwork bool) (why, fix string) {
	names := map[string]bool{}
	for i := range container.Ports {
		port := &container.Ports[i]
		switch {
		case len(validation.IsValidPortNum(int(port.ContainerPort))) > 0:
			return fmt.Sprintf("container port %d is not between 1 and 65535", port.ContainerPort), "set containerPort to the port that the application listens on"
		case port.Name != "" && len(validation.IsValidPortName(port.Name)) > 0:
			return fmt.Sprintf("%s cannot be the name of a port, as %s", plain(port.Name), targetSyntax(port.Name)), "choose another name for the port, and for the target port that uses it"
		case port.Name != "" && names[port.Name]:
			return fmt.Sprintf("two ports have the name %s", plain(port.Name)), "give the ports different names"
		case !slices.Contains([]corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}, protocolOf(port)):
			return fmt.Sprintf("%s is no protocol", plain(string(port.Protocol))), "set protocol to TCP, UDP or SCTP"
		case hostNetwork && port.HostPort != 0 && port.HostPort != port.ContainerPort:
			return fmt.Sprintf("host port %d differs from container port %d on the host's network", port.HostPort, port.ContainerPort), "remove hostPort"
		}
		names[port.Name] = true
	}
	return "", ""
}
