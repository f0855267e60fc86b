package check

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// probeRules look at the probes that decide whether a pod is ready.
func probeRules() []Rule {
	return []Rule{{
		ID: "NP226", Severity: Error, Title: "probe names a port that is not declared", find: probesOfNoPort,
		Explanation: "A probe may name its port, but then the same container has to declare a port of that name. The API " +
			"server takes the pod all the same; the kubelet cannot make the probe, so the pod never gets ready.",
	}}
}

// probesOfNoPort finds readiness and startup probes that no kubelet can make; a
// liveness probe is then passed over, and harms nobody
// (k8s.io/kubernetes pkg/probe/util.go, ResolveContainerPort, and
// pkg/kubelet/prober/worker.go, doProbe).
func probesOfNoPort(x *subject) []Finding {
	if x.service.Spec.PublishNotReadyAddresses {
		return nil
	}
	var findings []Finding
	affected := 0
	seen := map[snapshot.Ref]bool{}
	for i := range x.backends {
		backend := &x.backends[i]
		name, container := unknownProbePort(backend.spec)
		if container == nil || backend.pod != nil && backend.pod.UID != "" && serving(backend.pod) {
			continue
		}
		affected++
		if seen[backend.owner] {
			continue
		}
		seen[backend.owner] = true
		findings = append(findings, Finding{
			Object: backend.owner,
			Message: fmt.Sprintf("a probe of container %s of %s is for port %s, but the container declares no port named so: its pods never get ready",
				plain(container.Name), objectText(backend.owner), plain(name)),
			Fix: fmt.Sprintf("name a port of container %s %s, or give the probe a number", plain(container.Name), plain(name)),
		})
	}
	if affected < len(x.backends) {
		for i := range findings {
			findings[i].Severity = Warning
		}
	}
	return findings
}

// unknownProbePort returns the first name that a probe uses and its container
// does not declare; the container is nil when there is none.
func unknownProbePort(spec *corev1.PodSpec) (name string, in *corev1.Container) {
	for container := range containers(spec) {
		for _, probe := range []*corev1.Probe{container.StartupProbe, container.ReadinessProbe} {
			port, ok := namedProbePort(probe)
			if ok && !slices.ContainsFunc(container.Ports, func(p corev1.ContainerPort) bool { return p.Name == port }) {
				return port, container
			}
		}
	}
	return "", nil
}

// namedProbePort is the port of a probe that names one.
func namedProbePort(probe *corev1.Probe) (name string, ok bool) {
	var port intstr.IntOrString
	switch {
	case probe == nil:
	case probe.HTTPGet != nil:
		port = probe.HTTPGet.Port
	case probe.TCPSocket != nil:
		port = probe.TCPSocket.Port
	}
	return port.StrVal, port.Type == intstr.String && port.StrVal != ""
}
