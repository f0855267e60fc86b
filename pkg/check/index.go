package check

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// index holds what the rules look up beyond the snapshot's own indexes.
type index struct {
	holders map[int32][]nodeport.Holder
	// vacancies are the ports that a fix can suggest.
	vacancies *nodeport.Vacancies
	templates map[label][]*snapshot.Workload
	hostPorts map[hostPort][]snapshot.Ref
	// notReady tells why a node is not ready; unready names those nodes, sorted.
	notReady map[string]string
	unready  []string
	// nodeFamilies are those of all nodes' addresses; shared are addresses that
	// several nodes have; leaving are the nodes that will go; wsl tells of a
	// kernel of WSL 2.
	nodeFamilies map[corev1.IPFamily]bool
	shared       []sharedAddress
	leaving      []string
	wsl          bool
	// strays are endpoint slices of no service.
	strays map[string][]*discoveryv1.EndpointSlice
	// inhabited are the namespaces with pods or workloads.
	inhabited map[string]bool
	// selectors are those of network policies, parsed on first use.
	selectors map[*networkingv1.NetworkPolicy]labels.Selector
	// similar is built on the first selector that matches nothing.
	similar *similar
}

// label is one label in one namespace.
type label struct{ namespace, key, value string }

func newIndex(s *snapshot.Snapshot) *index {
	x := &index{
		holders:      nodeport.Holders(s.Services),
		templates:    indexTemplates(s.Workloads),
		hostPorts:    indexHostPorts(s),
		strays:       strays(s),
		inhabited:    map[string]bool{},
		notReady:     map[string]string{},
		nodeFamilies: nodeFamilies(s.Nodes),
		shared:       sharedNodeAddresses(s.Nodes),
		leaving:      leavingNodes(s.Nodes),
		wsl:          onWSL(s.Nodes),
		selectors:    map[*networkingv1.NetworkPolicy]labels.Selector{},
	}
	for _, node := range s.Nodes {
		if reason, bad := nodeTrouble(node); bad {
			x.notReady[node.Name] = reason
		}
	}
	for _, pod := range s.Pods {
		x.inhabited[pod.Namespace] = true
	}
	for _, workload := range s.Workloads {
		x.inhabited[workload.Namespace] = true
	}
	x.unready = sortedKeys(x.notReady)
	x.vacancies = nodeport.NewVacancies(s.NodePorts, x.taken)
	return x
}

// taken reports whether a service holds a port, or a pod opens it on its node.
func (x *index) taken(port int32) bool {
	return len(x.holders[port]) > 0 ||
		len(x.hostPorts[hostPort{port, corev1.ProtocolTCP}]) > 0 || len(x.hostPorts[hostPort{port, corev1.ProtocolUDP}]) > 0
}

// indexTemplates indexes workloads by the labels of their pods. One that
// another workload made says nothing that the other does not, and may be old:
// a Deployment keeps the ReplicaSets of its past.
func indexTemplates(workloads []*snapshot.Workload) map[label][]*snapshot.Workload {
	index := map[label][]*snapshot.Workload{}
	for _, workload := range workloads {
		if workload.Controller != nil {
			continue
		}
		for key, value := range workload.Template.Labels {
			at := label{workload.Namespace, key, value}
			index[at] = append(index[at], workload)
		}
	}
	return index
}

// templatesMatching returns the workloads whose pods a selector would match.
func (x *index) templatesMatching(namespace string, selector map[string]string) []*snapshot.Workload {
	var candidates []*snapshot.Workload
	first := true
	for key, value := range selector {
		found := x.templates[label{namespace, key, value}]
		if first || len(found) < len(candidates) {
			candidates, first = found, false
		}
	}
	matcher := labels.SelectorFromSet(selector)
	var matching []*snapshot.Workload
	for _, workload := range candidates {
		if matcher.Matches(labels.Set(workload.Template.Labels)) {
			matching = append(matching, workload)
		}
	}
	return matching
}
