package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// candidate is a declared container port that a wrong target port may have meant.
type candidate struct {
	container string
	port      corev1.ContainerPort
}

// String ends a sentence: "container web declares 8080 (http)".
func (c candidate) String() string {
	if c.port.Name == "" {
		return fmt.Sprintf("container %s declares %d", plain(c.container), c.port.ContainerPort)
	}
	return fmt.Sprintf("container %s declares %d (%s)", plain(c.container), c.port.ContainerPort, plain(c.port.Name))
}

// target is how the service should name the port: by its name if it has one,
// as that stays right when the number changes.
func (c candidate) target() any {
	if c.port.Name != "" {
		return c.port.Name
	}
	return c.port.ContainerPort
}

// intended returns the declared port that a target port most likely meant: one
// that is spelled like it, carries the name of the service's port, or is the
// only one that traffic can be meant for. ok is false when none stands out.
func (x *subject) intended(b *backend, port *corev1.ServicePort) (best candidate, ok bool) {
	candidates := x.unclaimed(b, port)
	for _, c := range candidates {
		if named(port) && slipped(c.port.Name, port.TargetPort.StrVal) || port.Name != "" && c.port.Name == port.Name {
			return c, true
		}
	}
	candidates = slices.DeleteFunc(candidates, func(c candidate) bool { return auxiliary(c.port.Name) })
	if len(candidates) != 1 || auxiliary(port.Name) {
		return candidate{}, false
	}
	return candidates[0], true
}

// unclaimed returns the declared ports of the right protocol that no other
// port of the service leads to.
func (x *subject) unclaimed(b *backend, port *corev1.ServicePort) []candidate {
	var candidates []candidate
	for container := range containers(b.spec) {
		for _, declared := range container.Ports {
			claimed := slices.ContainsFunc(x.service.Spec.Ports, func(other corev1.ServicePort) bool {
				return other.Protocol == protocolOf(&declared) && isTarget(&declared, other.TargetPort)
			})
			if !claimed && protocolOf(&declared) == port.Protocol {
				candidates = append(candidates, candidate{container.Name, declared})
			}
		}
	}
	return candidates
}

// auxiliary tells by its name a port that is beside what a pod is for, such as
// those that proxies and exporters add.
func auxiliary(name string) bool {
	for _, word := range []string{
		"metric", "prom", "health", "probe", "live", "ready", "admin", "mgmt", "manage", "debug", "pprof", "jmx", "proxy",
		"envoy", "status", "monitor", "gossip", "peer",
	} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// mentioned tells whether pods speak of a port elsewhere, in their probes,
// arguments or environment, which shows that it is open though not declared.
func mentioned(backends []*backend, number int32) bool {
	for _, b := range backends {
		for container := range containers(b.spec) {
			if probed(container, number) || configured(container, number) {
				return true
			}
		}
	}
	return false
}

func probed(container *corev1.Container, number int32) bool {
	for _, probe := range []*corev1.Probe{container.ReadinessProbe, container.LivenessProbe, container.StartupProbe} {
		if probe == nil {
			continue
		}
		at := intstr.FromInt32(number)
		if probe.HTTPGet != nil && probe.HTTPGet.Port == at || probe.TCPSocket != nil && probe.TCPSocket.Port == at ||
			probe.GRPC != nil && probe.GRPC.Port == number {
			return true
		}
	}
	return false
}

func configured(container *corev1.Container, number int32) bool {
	words := slices.Concat(container.Command, container.Args)
	for _, variable := range container.Env {
		words = append(words, variable.Value)
	}
	digits := strconv.Itoa(int(number))
	return slices.ContainsFunc(words, func(word string) bool {
		return slices.Contains(strings.FieldsFunc(word, func(r rune) bool { return r < '0' || r > '9' }), digits)
	})
}
