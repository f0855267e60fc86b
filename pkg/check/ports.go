package check

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

// portRules hold the ports of a service to what the API server takes
// (k8s.io/kubernetes pkg/apis/core/validation/validation.go, validateService
// and validateServicePort).
func portRules() []Rule {
	return []Rule{{
		ID: "NP003", Severity: Error, Title: "service has no ports", find: noPorts,
		Explanation: "A service forwards only the ports that it lists, so the API server wants at least one.",
	}, {
		ID: "NP004", Severity: Error, Title: "port number is not valid", find: perPort(invalidNumber, refusedKubeletPort),
		Explanation: "The port of a service is a number between 1 and 65535.",
	}, {
		ID: "NP005", Severity: Error, Title: "port has no name", find: perPort(missingName),
		Explanation: "A service with more than one port has to name each of them: the name is what endpoints are matched by.",
	}, {
		ID: "NP006", Severity: Error, Title: "port name is not valid", find: perPort(invalidPortName),
		Explanation: "A port's name is a DNS label: at most 63 lower-case letters, digits and hyphens, no hyphen at either end.",
	}, {
		ID: "NP007", Severity: Error, Title: "two ports have the same name", find: duplicateName,
		Explanation: "Port names are unique within a service, whatever their protocol.",
	}, {
		ID: "NP008", Severity: Error, Title: "protocol is not supported", find: perPort(invalidProtocol),
		Explanation: "A port's protocol is TCP, UDP or SCTP, in capitals.",
	}, {
		ID: "NP009", Severity: Error, Title: "port and protocol are listed twice", find: duplicatePort,
		Explanation: "A service lists a port once for each protocol.",
	}, {
		ID: "NP010", Severity: Error, Title: "target port is not valid", find: perPort(invalidTarget),
		Explanation: "A target port is a number between 1 and 65535 or the name of a container port: at most 15 lower-case " +
			"letters, digits and single hyphens, with at least one letter. A number in quotes is taken for a name.",
	}, {
		ID: "NP011", Severity: Error, Title: "application protocol is not valid", find: perPort(invalidAppProtocol),
		Explanation: "An appProtocol is a registered service name such as https, or a name with a domain such as kubernetes.io/h2c.",
	}}
}

// perPort makes a rule's function of one that looks at a single port.
func perPort(finds ...func(x *subject, i int, port *corev1.ServicePort) []Finding) func(*subject) []Finding {
	return func(x *subject) []Finding {
		var findings []Finding
		for i := range x.service.Spec.Ports {
			for _, find := range finds {
				findings = append(findings, find(x, i, &x.service.Spec.Ports[i])...)
			}
		}
		return findings
	}
}

func noPorts(x *subject) []Finding {
	if len(x.service.Spec.Ports) > 0 || x.service.Spec.Type == corev1.ServiceTypeExternalName ||
		x.service.Spec.Type == corev1.ServiceTypeClusterIP && x.service.Spec.ClusterIP == corev1.ClusterIPNone {
		return nil
	}
	return []Finding{{Field: "spec.ports", Message: "the service lists no ports", Fix: "add a port to spec.ports"}}
}

func invalidNumber(_ *subject, i int, port *corev1.ServicePort) []Finding {
	if len(validation.IsValidPortNum(int(port.Port))) == 0 {
		return nil
	}
	return []Finding{{
		Field:   portField(i, "port"),
		Message: fmt.Sprintf("%d is no port number: it must be from 1 to 65535", port.Port),
		Fix:     fmt.Sprintf("set %s to a number between 1 and 65535", portField(i, "port")),
	}}
}

func missingName(x *subject, i int, port *corev1.ServicePort) []Finding {
	if port.Name != "" || len(x.service.Spec.Ports) < 2 {
		return nil
	}
	name := fmt.Sprintf("port-%d", port.Port)
	if port.TargetPort.Type == intstr.String && len(validation.IsDNS1123Label(port.TargetPort.StrVal)) == 0 {
		name = port.TargetPort.StrVal
	}
	return []Finding{{
		Field:   portField(i, "name"),
		Message: fmt.Sprintf("port %d has no name, which a service with several ports needs", port.Port),
		Fix:     x.patchPort(i, "name", name),
	}}
}

func invalidPortName(_ *subject, i int, port *corev1.ServicePort) []Finding {
	if port.Name == "" || len(validation.IsDNS1123Label(port.Name)) == 0 {
		return nil
	}
	return []Finding{{
		Field:   portField(i, "name"),
		Message: fmt.Sprintf("%s cannot be the name of a port: %s", plain(port.Name), labelSyntax(port.Name)),
		Fix:     "choose another " + portField(i, "name"),
	}}
}

func duplicateName(x *subject) []Finding {
	var findings []Finding
	seen := map[string]int{}
	for i, port := range x.service.Spec.Ports {
		first, twice := seen[port.Name]
		if !twice {
			seen[port.Name] = i
		} else if port.Name != "" {
			findings = append(findings, Finding{
				Field: portField(i, "name"),
				Message: fmt.Sprintf("port name %s is used twice: for port %d and for port %d",
					plain(port.Name), x.service.Spec.Ports[first].Port, port.Port),
				Fix: "choose another " + portField(i, "name"),
			})
		}
	}
	return findings
}

func invalidProtocol(x *subject, i int, port *corev1.ServicePort) []Finding {
	switch port.Protocol {
	case corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP:
		return nil
	}
	finding := Finding{
		Field:   portField(i, "protocol"),
		Message: fmt.Sprintf("%s is no protocol of a service: it must be TCP, UDP or SCTP", plain(string(port.Protocol))),
		Fix:     "set " + portField(i, "protocol") + " to TCP, UDP or SCTP",
	}
	switch upper := corev1.Protocol(strings.ToUpper(string(port.Protocol))); upper {
	case corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP:
		finding.Fix = x.patchPort(i, "protocol", upper)
	}
	return []Finding{finding}
}

func duplicatePort(x *subject) []Finding {
	type key struct {
		protocol corev1.Protocol
		port     int32
	}
	var findings []Finding
	seen := map[key]bool{}
	for i, port := range x.service.Spec.Ports {
		at := key{port.Protocol, port.Port}
		if seen[at] {
			findings = append(findings, Finding{
				Field:   portField(i, ""),
				Message: fmt.Sprintf("port %d/%s is listed twice", port.Port, port.Protocol),
				Fix:     "remove one of them, or give it another port number",
			})
		}
		seen[at] = true
	}
	return findings
}

func invalidTarget(_ *subject, i int, port *corev1.ServicePort) []Finding {
	field, target := portField(i, "targetPort"), port.TargetPort
	if target.Type == intstr.Int {
		// A target that was not given is the port, about which NP004 speaks.
		if target.IntVal == port.Port || len(validation.IsValidPortNum(int(target.IntVal))) == 0 {
			return nil
		}
		return []Finding{{
			Field:   field,
			Message: fmt.Sprintf("%d is no port number: a target port must be from 1 to 65535", target.IntVal),
			Fix:     "set " + field + " to a number between 1 and 65535, or to the name of a container port",
		}}
	}
	if len(validation.IsValidPortName(target.StrVal)) == 0 {
		return nil
	}
	finding := Finding{
		Field:   field,
		Message: fmt.Sprintf("%s cannot be the name of a target port: %s", plain(target.StrVal), targetSyntax(target.StrVal)),
		Fix:     "use a name that the API server takes, for the container port too, or the number",
	}
	if number := target.IntValue(); number > 0 {
		finding.Message = fmt.Sprintf("target port %q is in quotes, so it is taken for a name, and a name needs a letter", target.StrVal)
		finding.Fix = fmt.Sprintf("set %s to %d, without quotes", field, number)
	}
	return []Finding{finding}
}

func invalidAppProtocol(_ *subject, i int, port *corev1.ServicePort) []Finding {
	if port.AppProtocol == nil || len(validation.IsQualifiedName(*port.AppProtocol)) == 0 {
		return nil
	}
	return []Finding{{
		Field:   portField(i, "appProtocol"),
		Message: fmt.Sprintf("appProtocol %s is not valid: %s", plain(*port.AppProtocol), qualifiedSyntax()),
		Fix:     "use a registered name such as https, or one with a domain such as kubernetes.io/h2c",
	}}
}
