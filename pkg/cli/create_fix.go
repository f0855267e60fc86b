package cli

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/author"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// inFlags words the fixes of a service that was made from flags as flags: there
// is no manifest in which to set a field.
func inFlags(findings []check.Finding, service *corev1.Service, o author.Options) []check.Finding {
	change := regexp.MustCompile(`^set (spec\.[A-Za-z0-9.\[\]]+) to (.+)$`)
	for i := range findings {
		if found := change.FindStringSubmatch(findings[i].Fix); found != nil {
			if flag, ok := flagFor(found[1], found[2], service, o); ok {
				findings[i].Fix = "give " + flag
			}
		}
	}
	return findings
}

// flagFor is the flag that sets a field of the service to a value, which is
// written as JSON.
func flagFor(field, value string, service *corev1.Service, o author.Options) (flag string, ok bool) {
	var text string
	if json.Unmarshal([]byte(value), &text) != nil {
		text = value
	}
	switch field {
	case "spec.externalTrafficPolicy":
		return "--external-traffic-policy=" + text, true
	case "spec.internalTrafficPolicy":
		return "--internal-traffic-policy=" + text, true
	case "spec.sessionAffinity":
		return "--session-affinity=" + text, true
	case "spec.selector":
		var labels map[string]string
		if json.Unmarshal([]byte(value), &labels) != nil {
			return "", false
		}
		var pairs []string
		for key, value := range labels {
			pairs = append(pairs, key+"="+value)
		}
		slices.Sort(pairs)
		return "--selector=" + strings.Join(pairs, ","), true
	}
	part := regexp.MustCompile(`^spec\.ports\[(\d+)\]\.(nodePort|targetPort)$`).FindStringSubmatch(field)
	if part == nil {
		return "", false
	}
	i, _ := strconv.Atoi(part[1]) // digits
	return portFlag(i, part[2], intstr.Parse(text), service, o)
}

// portFlag is --node-port where that says it all, and else --port as it was
// typed, with the new value.
func portFlag(i int, part string, value intstr.IntOrString, service *corev1.Service, o author.Options) (flag string, ok bool) {
	if i >= len(service.Spec.Ports) {
		return "", false
	}
	if part == "nodePort" && o.NodePort != 0 {
		return "--node-port=" + value.String(), true
	}
	if i >= len(o.Ports) {
		return "", false // the ports are those of the containers
	}
	spec := o.Ports[i]
	spec.Port = service.Spec.Ports[i].Port
	if part == "nodePort" {
		spec.NodePort = value.IntVal
	} else {
		spec.Target = value
	}
	return "--port=" + spec.String(), true
}

// otherProtocols are warnings of ports that the user wants for a protocol while
// the pod declares the number for another one alone.
func otherProtocols(sources []author.Source, o author.Options) []string {
	var warnings []string
	for _, source := range sources {
		for _, spec := range o.Ports {
			if spec.Protocol == "" || spec.Target.Type != intstr.Int {
				continue
			}
			if declared := declaredProtocols(&source.Pod, spec.Target.IntVal); len(declared) > 0 && !slices.Contains(declared, string(spec.Protocol)) {
				warnings = append(warnings, fmt.Sprintf("--port %s: %s declares port %d for %s only, so that nothing may listen for %s",
					spec, sourceName(source.Ref), spec.Target.IntVal, strings.Join(declared, " and "), spec.Protocol))
			}
		}
	}
	return warnings
}

func sourceName(ref snapshot.Ref) string { return strings.ToLower(ref.Kind) + "/" + ref.Name }

// declaredProtocols are those for which the containers of a pod declare a port.
func declaredProtocols(pod *corev1.PodSpec, number int32) []string {
	var protocols []string
	for _, container := range slices.Concat(pod.Containers, pod.InitContainers) {
		for _, port := range container.Ports {
			if port.ContainerPort != number {
				continue
			}
			protocol := string(port.Protocol)
			if protocol == "" {
				protocol = string(corev1.ProtocolTCP)
			}
			if !slices.Contains(protocols, protocol) {
				protocols = append(protocols, protocol)
			}
		}
	}
	return protocols
}
