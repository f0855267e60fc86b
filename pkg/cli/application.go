package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// application is one service of the manifests on its way to the cluster.
type application struct {
	namespace, name string
	files           snapshot.Locator // finds the service in its file
	manifest        []byte
	wanted          *corev1.Service // the manifest, with what the API server fills in
	before          *corev1.Service // nil when there is none yet
	after           *corev1.Service // nil until it was applied, if only in a dry run
}

func wanted(applications []*application) []*corev1.Service {
	var services []*corev1.Service
	for _, a := range applications {
		services = append(services, a.wanted)
	}
	return services
}

// refused says why the service is not applied, and where it stands.
func (a *application) refused(err error, manager string) error {
	at := a.files.Locate(snapshot.RefOf("Service", a.wanted), refusedField(err))
	return placed(a.explainPorts(explainConflict(err, a.name), manager), at)
}

// explainPorts adds to an error about ports which of them the manifest no
// longer has and the service keeps, since somebody else has set them.
func (a *application) explainPorts(err error, manager string) error {
	if a.before == nil || !strings.Contains(err.Error(), "spec.ports") && !strings.Contains(err.Error(), "duplicate nodePort") {
		return err
	}
	for _, port := range a.before.Spec.Ports {
		if slices.ContainsFunc(a.wanted.Spec.Ports, func(p corev1.ServicePort) bool {
			return p.Port == port.Port && protocol(p) == protocol(port)
		}) {
			continue
		}
		if holder := cluster.PortManager(a.before, port, manager); holder != "" {
			return fmt.Errorf("%w; the service keeps its port %d, which the manifest does not have, because %q has set it and apply removes only its own: "+
				"change or remove it with kubectl edit service %s -n %s, and apply again", err, port.Port, holder, a.name, a.namespace)
		}
	}
	return err
}

// outcome is what became of the service, in kubectl's words.
func (a *application) outcome() string {
	switch {
	case a.before == nil:
		return "created"
	case a.after != nil && render.SameService(a.before, a.after):
		return "unchanged"
	}
	return "configured"
}

// keepNodePorts asks for the node port that the service has now where the
// manifest gives none and the API server would choose anew, because the port
// was given another name and another number at once. The port that it was is
// told by its target, or by being the only one that is left.
// (By name or number the API server keeps the node port itself: k8s.io/kubernetes
// pkg/registry/core/service/storage/storage.go, patchAllocatedValues.)
func (a *application) keepNodePorts() error {
	if a.before == nil {
		return nil
	}
	gone, renamed := unmatched(a.before.Spec.Ports, a.wanted.Spec.Ports), unmatched(a.wanted.Spec.Ports, a.before.Spec.Ports)
	kept := map[int]int32{}
	for _, i := range renamed {
		port := a.wanted.Spec.Ports[i]
		for _, j := range gone {
			old := a.before.Spec.Ports[j]
			same := old.TargetPort == port.TargetPort || len(gone) == 1 && len(renamed) == 1
			if port.NodePort == 0 && old.NodePort != 0 && same && protocol(old) == protocol(port) && !taken(kept, old.NodePort) {
				kept[i] = old.NodePort
				break
			}
		}
	}
	return a.setNodePorts(kept)
}

// unmatched are the places of ports that the other service has neither by
// name nor by number.
func unmatched(ports, others []corev1.ServicePort) []int {
	var places []int
	for i, port := range ports {
		if !slices.ContainsFunc(others, func(other corev1.ServicePort) bool {
			return port.Name == other.Name || port.Port == other.Port && protocol(port) == protocol(other)
		}) {
			places = append(places, i)
		}
	}
	return places
}

func protocol(port corev1.ServicePort) corev1.Protocol {
	return cmp.Or(port.Protocol, corev1.ProtocolTCP)
}

func taken(kept map[int]int32, nodePort int32) bool {
	return slices.Contains(slices.Collect(maps.Values(kept)), nodePort)
}

// setNodePorts writes node ports into the manifest, by the places of their ports.
func (a *application) setNodePorts(nodePorts map[int]int32) error {
	if len(nodePorts) == 0 {
		return nil
	}
	var object map[string]any
	if err := json.Unmarshal(a.manifest, &object); err != nil {
		return err
	}
	ports, _, err := unstructured.NestedSlice(object, "spec", "ports")
	if err != nil {
		return err
	}
	for i, nodePort := range nodePorts {
		ports[i].(map[string]any)["nodePort"] = int64(nodePort)
		a.wanted.Spec.Ports[i].NodePort = nodePort
	}
	if err := unstructured.SetNestedSlice(object, ports, "spec", "ports"); err != nil {
		return err
	}
	a.manifest, err = json.Marshal(object)
	return err
}
