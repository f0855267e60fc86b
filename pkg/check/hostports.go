package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// hostPort is a port that a pod opens on its node.
type hostPort struct {
	port     int32
	protocol corev1.Protocol
}

// indexHostPorts tells which workloads open which ports on their nodes.
func indexHostPorts(s *snapshot.Snapshot) map[hostPort][]snapshot.Ref {
	index := map[hostPort][]snapshot.Ref{}
	for _, pod := range s.Pods {
		if !ended(pod) {
			addHostPorts(index, &pod.Spec, snapshot.RefOf("Pod", pod))
		}
	}
	for _, workload := range s.Workloads {
		if workload.Controller == nil && workload.Replicas != 0 {
			addHostPorts(index, &workload.Template.Spec, workload.Ref)
		}
	}
	return index
}

func addHostPorts(index map[hostPort][]snapshot.Ref, spec *corev1.PodSpec, ref snapshot.Ref) {
	for _, port := range nodeport.HostPorts(spec) {
		at := hostPort{port.Port, port.Protocol}
		index[at] = append(index[at], ref)
	}
}

// hostConflict names the workload where it is known, since its pods are many.
func hostConflict(x *subject) []Finding {
	var findings []Finding
	for _, request := range x.requests {
		users := x.index.hostPorts[hostPort{request.port, request.protocol}]
		if len(users) == 0 {
			continue
		}
		user := users[len(users)-1]
		if pod := x.Pod(user.Namespace, user.Name); user.Kind == "Pod" && pod != nil {
			user = x.ownerOf(pod)
		}
		findings = append(findings, Finding{
			Field: request.field,
			Message: fmt.Sprintf("node port %d of %s is also a host port of %s in namespace %s",
				request.port, request.what, objectText(user), plain(user.Namespace)),
			Fix: x.chooseAnother(request),
		})
	}
	return findings
}
