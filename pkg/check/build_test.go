package check

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// The builders give objects that are right together: service shop/web leads
// from node port 30033 to port 82 to target port 300 of pod web-1, which runs
// on node n1 and belongs to Deployment web. A closure changes what matters.

func service(changes ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeNodePort,
			Selector: map[string]string{"app": "web"},
			Ports:    []corev1.ServicePort{port("http", 82, 30033)},
		},
	}
	for _, change := range changes {
		change(s)
	}
	return s
}

func port(name string, number, node int32) corev1.ServicePort {
	return corev1.ServicePort{
		Name: name, Protocol: corev1.ProtocolTCP, Port: number, TargetPort: intstr.FromInt32(300), NodePort: node,
	}
}

func pod(changes ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-1", Labels: map[string]string{"app": "web"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "Deployment", Name: "web", Controller: new(true)}},
		},
		Spec: corev1.PodSpec{
			NodeName: "n1",
			Containers: []corev1.Container{{
				Name: "web", Image: "example.com/web:1",
				Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 300}},
			}},
		},
		Status: corev1.PodStatus{
			Phase:      corev1.PodRunning,
			PodIP:      "10.2.1.7",
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
	for _, change := range changes {
		change(p)
	}
	return p
}

// of makes a pod one of another workload, whose app label is its name.
func of(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Name = name + "-1"
		p.Labels["app"] = name
		p.OwnerReferences[0].Name = name
		p.Spec.Containers[0].Name = name
		p.Spec.Containers[0].Image = "example.com/" + name + ":1"
	}
}

func notReady(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }

func deployment(changes ...func(*snapshot.Workload)) *snapshot.Workload {
	w := &snapshot.Workload{
		Ref:      snapshot.Ref{Kind: "Deployment", Namespace: "shop", Name: "web"},
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
		Replicas: 1,
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}},
			Spec:       pod().Spec,
		},
	}
	for _, change := range changes {
		change(w)
	}
	return w
}

func node(name string, changes ...func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	}
	for _, change := range changes {
		change(n)
	}
	return n
}

func down(n *corev1.Node) {
	n.Status.Conditions[0].Status = corev1.ConditionUnknown
	n.Status.Conditions[0].Reason = "NodeStatusUnknown"
}

func slice(changes ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-abc", Labels: map[string]string{discoveryv1.LabelServiceName: "web"},
		},
		Ports:     []discoveryv1.EndpointPort{{Name: new("http"), Port: new(int32(300)), Protocol: new(corev1.ProtocolTCP)}},
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.2.1.7"}, NodeName: new("n1")}},
	}
	for _, change := range changes {
		change(s)
	}
	return s
}

// live gives a service what tells that the API server holds it.
func live(s *corev1.Service) { s.UID = "5e41b8f4-3b1c-4f0e-a9d8-0d6a0f6f5f11" }

// replaced is a service that the one under test is to replace.
type replaced struct{ *corev1.Service }

// cluster is a snapshot of the given objects.
func cluster(objects ...any) *snapshot.Snapshot {
	s := &snapshot.Snapshot{}
	for _, object := range objects {
		switch o := object.(type) {
		case *corev1.Service:
			s.Services = append(s.Services, o)
		case *corev1.Pod:
			s.Pods = append(s.Pods, o)
		case *corev1.Node:
			s.Nodes = append(s.Nodes, o)
		case *discoveryv1.EndpointSlice:
			s.Slices = append(s.Slices, o)
		case *snapshot.Workload:
			s.Workloads = append(s.Workloads, o)
		case *networkingv1.NetworkPolicy:
			s.Policies = append(s.Policies, o)
		case replaced:
			s.Replaced = append(s.Replaced, o.Service)
		case nodeport.Range:
			s.NodePorts = o
		case snapshot.Gap:
			s.Gaps = append(s.Gaps, o)
		default:
			panic(fmt.Sprintf("no snapshot holds a %T", object))
		}
	}
	return s
}

// ruleCase is a sentence about one rule: what it says of a service.
type ruleCase struct {
	id, name string
	service  *corev1.Service
	// in are the objects around it; nil for a pod and a node that are right.
	in []any
	// want are the findings, as "severity field: message"; none when the rule
	// is to be silent.
	want []string
	// fix is that of the first finding, where the case is about it.
	fix string
}

// around are the objects that make the service of the builders healthy, and more.
func around(more ...any) []any { return append([]any{pod(), node("n1")}, more...) }

func (c ruleCase) run(t *testing.T) {
	in := c.in
	if in == nil {
		in = around()
	}
	var got []string
	var fix string
	for _, finding := range New(cluster(in...)).Service(c.service) {
		if finding.ID != c.id {
			continue
		}
		if len(got) == 0 {
			fix = finding.Fix
		}
		where := finding.Field
		if finding.Object.Kind != "Service" {
			where = strings.TrimSpace(finding.Object.String() + " " + finding.Field)
		}
		got = append(got, fmt.Sprintf("%s %s: %s", finding.Severity, where, finding.Message))
	}
	if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
		t.Errorf("%s finds\n\t%s\nwant\n\t%s", c.id, strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
	}
	if c.fix != "" && fix != c.fix {
		t.Errorf("fix is\n\t%s\nwant\n\t%s", fix, c.fix)
	}
}
