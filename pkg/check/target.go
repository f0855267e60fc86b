package check

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func targetRules() []Rule {
	return []Rule{{
		ID: "NP211", Severity: Error, Title: "target port name is not declared", find: perPort(targetMissing),
		Explanation: "A named target port is looked up among the ports that the containers of each pod declare. A pod " +
			"without it becomes an endpoint without that port, and nothing says so.",
	}, {
		ID: "NP212", Severity: Warning, Title: "target port name is not declared by all pods", find: perPort(targetPartlyMissing),
		Explanation: "Pods that do not declare the named target port get none of its traffic.",
	}, {
		ID: "NP213", Severity: Error, Title: "target port has another protocol", find: perPort(targetProtocol),
		Explanation: "A named target port is found only if the container declares it with the protocol of the service's " +
			"port, TCP unless it says otherwise. For a number this is only a warning: a container may listen on what it " +
			"does not declare.",
	}, {
		ID: "NP214", Severity: Error, Title: "target port is declared by an init container", find: perPort(targetInInit),
		Explanation: "Init containers have ended when traffic arrives, so their ports do not count, unless they are " +
			"sidecars with restartPolicy Always.",
	}, {
		ID: "NP215", Severity: Warning, Title: "target port is not declared", find: perPort(targetUndeclared),
		Explanation: "Containers need not declare their ports. But when they declare other ones and nothing in the pod " +
			"mentions the target port, it is likely a mistake, and connections are refused by the pod.",
	}}
}

// targets sorts the pods behind a service by what they say of a target port.
type targets struct {
	found         []*backend
	otherProtocol []*backend
	initOnly      []*backend
	absent        []*backend
}

// targetsOf looks a port of the service up in its pods
// (k8s.io/endpointslice utils.go, FindPort).
func (x *subject) targetsOf(port *corev1.ServicePort) targets {
	var t targets
	if refusedPort := len(invalidTarget(x, 0, port))+len(invalidProtocol(x, 0, port)) > 0; refusedPort {
		return t // nothing more needs to be said of it
	}
	for i := range x.backends {
		backend := &x.backends[i]
		same, other := declares(backend.spec, port)
		switch {
		case same:
			t.found = append(t.found, backend)
		case other:
			t.otherProtocol = append(t.otherProtocol, backend)
		case declaredByInit(backend.spec, port):
			t.initOnly = append(t.initOnly, backend)
		default:
			t.absent = append(t.absent, backend)
		}
	}
	return t
}

// declares tells whether the containers that stay declare a target port, with
// the protocol of the service's port or with another.
func declares(spec *corev1.PodSpec, port *corev1.ServicePort) (same, other bool) {
	for container := range containers(spec) {
		for i := range container.Ports {
			if declared := &container.Ports[i]; isTarget(declared, port.TargetPort) {
				same = same || protocolOf(declared) == port.Protocol
				other = other || protocolOf(declared) != port.Protocol
			}
		}
	}
	return same, other
}

func isTarget(declared *corev1.ContainerPort, target intstr.IntOrString) bool {
	if target.Type == intstr.String {
		return declared.Name == target.StrVal
	}
	return declared.ContainerPort == target.IntVal
}

func declaredByInit(spec *corev1.PodSpec, port *corev1.ServicePort) bool {
	for i := range spec.InitContainers {
		for j := range spec.InitContainers[i].Ports {
			if isTarget(&spec.InitContainers[i].Ports[j], port.TargetPort) {
				return true
			}
		}
	}
	return false
}

func named(port *corev1.ServicePort) bool { return port.TargetPort.Type == intstr.String }

func targetMissing(x *subject, i int, port *corev1.ServicePort) []Finding {
	t := x.targetsOf(port)
	if !named(port) || len(t.absent) == 0 || len(t.found)+len(t.otherProtocol)+len(t.initOnly) > 0 {
		return nil
	}
	finding := Finding{
		Field: portField(i, "targetPort"),
		Message: fmt.Sprintf("target port %s of %s: no container of %s declares a port named so",
			plain(port.TargetPort.StrVal), x.portName(i), objectText(t.absent[0].owner)),
		Fix: "name a container port " + plain(port.TargetPort.StrVal) + ", or set " + portField(i, "targetPort") + " to a number",
	}
	if candidate, ok := x.intended(t.absent[0], port); ok {
		finding.Message += ", but " + candidate.String()
		finding.Fix = x.patchPort(i, "targetPort", candidate.target())
	}
	return []Finding{finding}
}

func targetPartlyMissing(x *subject, i int, port *corev1.ServicePort) []Finding {
	t := x.targetsOf(port)
	lacking := append(append(t.absent, t.initOnly...), t.otherProtocol...)
	if !named(port) || len(t.found) == 0 || len(lacking) == 0 {
		return nil
	}
	return []Finding{{
		Field: portField(i, "targetPort"),
		Message: fmt.Sprintf("target port %s of %s is missing in %d of %d pods, among them those of %s: they get no traffic",
			plain(port.TargetPort.StrVal), x.portName(i), len(lacking), len(x.backends), objectText(lacking[0].owner)),
		Fix: fmt.Sprintf("name the container port %s with protocol %s in %s",
			plain(port.TargetPort.StrVal), port.Protocol, objectText(lacking[0].owner)),
	}}
}

func targetProtocol(x *subject, i int, port *corev1.ServicePort) []Finding {
	t := x.targetsOf(port)
	if len(t.otherProtocol) == 0 || len(t.found) > 0 || !named(port) && len(t.absent)+len(t.initOnly) > 0 {
		return nil
	}
	other := declaredProtocol(t.otherProtocol[0].spec, port)
	finding := Finding{
		Field: portField(i, "protocol"),
		Message: fmt.Sprintf("%s forwards %s, but %s declares its target port %s as %s only",
			x.portName(i), port.Protocol, objectText(t.otherProtocol[0].owner), plain(port.TargetPort.String()), other),
		Fix: x.patchPort(i, "protocol", other),
	}
	if x.forwards(port, other) {
		finding.Fix = fmt.Sprintf("remove the port, unless the pods answer %s, too: then %s is to be their number", port.Protocol, portField(i, "targetPort"))
	}
	if !named(port) {
		finding.Severity = Warning
	}
	return []Finding{finding}
}

// forwards tells whether the service has another port with the number or the
// node port of this one and the protocol: this one cannot have it, too.
func (x *subject) forwards(port *corev1.ServicePort, protocol corev1.Protocol) bool {
	return slices.ContainsFunc(x.service.Spec.Ports, func(p corev1.ServicePort) bool {
		return p.Protocol == protocol && (p.Port == port.Port || p.NodePort != 0 && p.NodePort == port.NodePort)
	})
}

func declaredProtocol(spec *corev1.PodSpec, port *corev1.ServicePort) corev1.Protocol {
	for container := range containers(spec) {
		for i := range container.Ports {
			if isTarget(&container.Ports[i], port.TargetPort) {
				return protocolOf(&container.Ports[i])
			}
		}
	}
	return ""
}

func targetInInit(x *subject, i int, port *corev1.ServicePort) []Finding {
	t := x.targetsOf(port)
	if !named(port) || len(t.initOnly) == 0 || len(t.found)+len(t.otherProtocol) > 0 {
		return nil
	}
	finding := Finding{
		Field: portField(i, "targetPort"),
		Message: fmt.Sprintf("target port %s of %s is declared only by an init container of %s, which has ended when traffic arrives",
			plain(port.TargetPort.StrVal), x.portName(i), objectText(t.initOnly[0].owner)),
		Fix: "name the port of the container that serves it, or give the init container restartPolicy Always",
	}
	return []Finding{finding}
}

func targetUndeclared(x *subject, i int, port *corev1.ServicePort) []Finding {
	t := x.targetsOf(port)
	absent := append(t.absent, t.initOnly...)
	if named(port) || len(absent) == 0 || len(t.found)+len(t.otherProtocol) > 0 || mentioned(absent, port.TargetPort.IntVal) {
		return nil
	}
	candidate, ok := x.intended(absent[0], port)
	if !ok {
		return nil
	}
	message := fmt.Sprintf("target port %d of %s is not declared by any container of %s, but %s",
		port.TargetPort.IntVal, x.portName(i), objectText(absent[0].owner), candidate)
	if !hasTarget(&x.written.Spec.Ports[i]) {
		message = fmt.Sprintf("%s names no targetPort, so it leads to port %d of the pods, which no container of %s declares, but %s",
			x.portName(i), port.Port, objectText(absent[0].owner), candidate)
	}
	return []Finding{{
		Field:   portField(i, "targetPort"),
		Message: message,
		Fix:     x.patchPort(i, "targetPort", candidate.target()),
	}}
}
