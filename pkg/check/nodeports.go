package check

import (
	"fmt"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// NodePortTaken is the rule that a node port belongs to one service: the only
// one that manifests which come together can break among themselves.
const NodePortTaken = "NP102"

// nodePortRules foresee what the API server's allocator will say. A server
// dry run does not: it neither knows the range nor chooses real ports
// (k8s.io/kubernetes pkg/registry/core/service/portallocator/operation.go).
func nodePortRules() []Rule {
	return []Rule{{
		ID: "NP101", Severity: Error, Title: "node port is out of range", find: outOfRange,
		Explanation: "The API server hands out node ports of one range only, 30000-32767 unless its flag " +
			"--service-node-port-range says otherwise. A warning means that a cluster was asked and its range could not be " +
			"learned, or that the service holds a port that the range no longer includes: it keeps working, but cannot be " +
			"created again.",
	}, {
		ID: NodePortTaken, Severity: Error, Title: "node port is taken", find: taken,
		Explanation: "A node port belongs to one service of the whole cluster, whatever its namespace and protocol. Services " +
			"of type LoadBalancer hold node ports too, and a health check node port with externalTrafficPolicy Local.",
	}, {
		ID: "NP103", Severity: Error, Title: "node port is used twice in one service", find: takenTwice,
		Explanation: "Two ports of a service share a node port only if they have the same port number and different " +
			"protocols, such as DNS at 53/TCP and 53/UDP.",
	}, {
		ID: "NP104", Severity: Info, Title: "node port may be taken by automatic allocation", find: dynamicBand,
		Explanation: "For services that name no node port the API server draws one from the upper part of the range, and " +
			"turns to the lower part only when that is full. A port from the lower part, 30000-30085 of the default " +
			"range, is the safe choice.",
	}, {
		ID: "NP105", Severity: Warning, Title: "node port is used by a pod on the host", find: hostConflict,
		Explanation: "A pod with a hostPort, or on the host's network, listens on the node itself. A node port of the same " +
			"number takes its traffic away, or is taken over by it, depending on how the nodes forward.",
	}}
}

func outOfRange(x *subject) []Finding {
	ports := x.NodePorts.OrDefault()
	var findings []Finding
	for _, request := range x.requests {
		if ports.Contains(request.port) {
			continue
		}
		finding := Finding{Field: request.field, Fix: x.chooseAnother(request)}
		switch {
		case x.held[request.port]:
			if !ports.Learned {
				continue // that it was handed out shows that the range is another one
			}
			finding.Severity = Warning
			finding.Message = fmt.Sprintf("node port %d of %s is no longer in the node port range %s: it works until it is released",
				request.port, request.what, ports)
		case request.port < 1 || request.port > 65535:
			finding.Message = fmt.Sprintf("node port %d of %s is no port number, and out of the range %s", request.port, request.what, ports)
		case x.NodePorts == (nodeport.Range{}):
			finding.Message = fmt.Sprintf("node port %d of %s is out of range: it must be in %s, unless the API server was given another range",
				request.port, request.what, ports)
		case !ports.Learned:
			finding.Severity = Warning
			finding.Message = fmt.Sprintf("node port %d of %s is out of the range %s, which is assumed: that of the API server is not known",
				request.port, request.what, ports)
		default:
			finding.Message = fmt.Sprintf("node port %d of %s is out of the node port range %s", request.port, request.what, ports)
		}
		findings = append(findings, finding)
	}
	return findings
}

func taken(x *subject) []Finding {
	var findings []Finding
	others := map[int32]*nodeport.Holder{}
	for _, request := range x.requests {
		holder, known := others[request.port]
		if !known {
			holder = x.otherHolder(request.port)
			others[request.port] = holder
		}
		if holder == nil {
			continue
		}
		message := fmt.Sprintf("node port %d of %s is already taken by service %s", request.port, request.what, holder)
		if holder.Protocol != request.protocol {
			message += fmt.Sprintf(": one port cannot be %s for one service and %s for another", holder.Protocol, request.protocol)
		}
		findings = append(findings, Finding{Field: request.field, Message: message, Fix: x.chooseAnother(request)})
	}
	return findings
}

// otherHolder returns a use of the port by another service, nil when there is none.
func (x *subject) otherHolder(port int32) *nodeport.Holder {
	holders := x.index.holders[port]
	for i := range holders {
		if holders[i].Namespace != x.ref.Namespace || holders[i].Name != x.ref.Name {
			return &holders[i]
		}
	}
	return nil
}

// takenTwice mirrors validation, which refuses a node port and protocol that
// come twice, and then the allocator, which gives out a number once: on
// creation, ports of the same number share it; on an update, any may
// (k8s.io/kubernetes pkg/registry/core/service/storage/alloc.go, initNodePorts and updateNodePorts).
func takenTwice(x *subject) []Finding {
	var findings []Finding
	first := map[int32]int{}
	for _, request := range x.requests {
		earlier, twice := first[request.port]
		if !twice {
			first[request.port] = request.ordinal
			continue
		}
		if request.ordinal < 0 {
			findings = append(findings, x.twice(request, "also used for "+x.portName(earlier)))
			continue
		}
		one, other := &x.service.Spec.Ports[earlier], &x.service.Spec.Ports[request.ordinal]
		switch {
		case one.Protocol == other.Protocol:
			findings = append(findings, x.twice(request, fmt.Sprintf("already used for %s with the same protocol, %s",
				x.portName(earlier), one.Protocol)))
		case one.Port != other.Port && x.current == nil:
			findings = append(findings, x.twice(request, fmt.Sprintf("already used for %s, and only ports of the same number share one",
				x.portName(earlier))))
		}
	}
	return findings
}

func (x *subject) twice(request nodePortRequest, why string) Finding {
	return Finding{
		Field:   request.field,
		Message: fmt.Sprintf("node port %d of %s is used twice: it is %s", request.port, request.what, why),
		Fix:     x.chooseAnother(request),
	}
}

// dynamicBand is about ports that somebody chose and that are not yet held.
func dynamicBand(x *subject) []Finding {
	static, dynamic := x.NodePorts.OrDefault().Bands()
	var findings []Finding
	for _, request := range x.requests {
		if !x.index.vacancies.InStatic() || x.held[request.port] || !dynamic.Contains(request.port) || x.chosenForManifest(request) {
			continue
		}
		findings = append(findings, Finding{
			Field: request.field,
			Message: fmt.Sprintf("node port %d of %s may be given to another service first: the API server draws from %s, and leaves %s to people",
				request.port, request.what, dynamic, static),
			Fix: x.chooseStatic(request),
		})
	}
	return findings
}

// Condense leaves one of the findings that a node port may be taken by
// allocation, and has it tell of the others: with many services they would hide
// what matters.
func Condense(findings []Finding) []Finding {
	const id = "NP104"
	first, more := -1, 0
	var rest []Finding
	for _, finding := range findings {
		switch {
		case finding.ID != id:
		case first < 0:
			first = len(rest)
		default:
			more++
			continue
		}
		rest = append(rest, finding)
	}
	if more > 0 {
		rest[first].Message += fmt.Sprintf("; so may %d more of those that are asked for", more)
	}
	return rest
}

// chosenForManifest tells that a service comes from a file that does not name
// the port: what the snapshot holds is then only an example of what the API
// server might choose.
func (x *subject) chosenForManifest(request nodePortRequest) bool {
	at, object := x.Locate(x.ref, request.field), x.Locate(x.ref, "")
	if at == (snapshot.Position{}) || request.ordinal < 0 {
		return false
	}
	return at == object || at == x.Locate(x.ref, portField(request.ordinal, ""))
}
