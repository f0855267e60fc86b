package check

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Input is what is checked, and all that is known about it.
type Input struct {
	Snapshot *snapshot.Snapshot
	// Services are checked: those that somebody asked for, whether they have a
	// node port or not. They need not be in the snapshot; see [Checker.Service].
	Services []*corev1.Service
	// Partial tells that the snapshot is made of files that need not hold the
	// pods which the services are for.
	Partial bool
	// Named tells that the services were named one by one, so that one without
	// a node port is worth a finding.
	Named bool
	// Walks are what the network answered at the ports of the services; none
	// when it was not asked.
	Walks []Walk
}

// Run returns what the rules find in the services, sorted by namespace, name
// and severity. Services that ask for no node port are only held to what the
// API server takes, and to [Input.Named]. What is said of a node, or of a
// policy, for several services alike is returned once.
func Run(in Input) []Finding {
	checker := newChecker(in.Snapshot)
	checker.partial = in.Partial
	var findings []Finding
	seen := map[Finding]bool{}
	walks := walksByService(in.Walks)
	for _, service := range in.Services {
		own := walks[snapshot.RefOf("Service", service)]
		found := proven(checker.asked(service, in.Named), checker.diagnose(service, own), own)
		for _, finding := range found {
			said := finding
			said.Service = snapshot.Ref{}
			if said.Object.Kind != "Node" || !seen[said] {
				seen[said] = true
				findings = append(findings, finding)
			}
		}
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Service.Namespace, b.Service.Namespace),
			cmp.Compare(a.Service.Name, b.Service.Name),
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(a.ID, b.ID),
		)
	})
	return findings
}

// asked returns the findings of one service that somebody asked about.
func (c *checker) asked(service *corev1.Service, named bool) []Finding {
	if WantsNodePort(service) {
		return c.service(service)
	}
	findings := slices.DeleteFunc(c.service(service), func(f Finding) bool { return !refusal(f) })
	if named && (service.Spec.Type == "" || validType(service)) {
		rule := noNodePortRule()
		findings = append(findings, c.complete(noNodePort(service), &rule, newSubject(c, service)))
	}
	return findings
}

// refusal tells the findings about what the API server refuses.
func refusal(f Finding) bool { return f.Severity == Error && f.ID < "NP1" && !f.Passing }

// noNodePortRule is about services that were asked for by name alone: that a
// ClusterIP service has no node port is no fault of its own.
func noNodePortRule() Rule {
	return Rule{
		ID: "NP106", Severity: Error, Title: "service has no node port",
		Explanation: "Only services of type NodePort and LoadBalancer have node ports. A service of type ClusterIP is reached " +
			"from inside the cluster alone. Reported only for services that were asked for by name.",
		find: func(*subject) []Finding { return nil },
	}
}

func noNodePort(service *corev1.Service) Finding {
	full := withDefaults(service)
	finding := Finding{
		Field:   "spec.type",
		Message: "the service is of type " + string(full.Spec.Type) + ", so no node listens for it",
		Fix:     `set spec.type to "NodePort"`,
	}
	if full.Spec.Type == corev1.ServiceTypeLoadBalancer {
		finding.Field = "spec.allocateLoadBalancerNodePorts"
		finding.Message = "the service has no node ports: allocateLoadBalancerNodePorts is false"
		finding.Fix = "remove spec.allocateLoadBalancerNodePorts"
	}
	if service.UID != "" && full.Spec.Type == corev1.ServiceTypeClusterIP {
		finding.Fix = "kubectl patch service " + plain(service.Name) + " -n " + plain(service.Namespace) +
			` --type=merge -p '{"spec":{"type":"NodePort"}}'`
	}
	return finding
}
