package check

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// crowd is a cluster of n services with eight pods each, all in one namespace
// and with labels in common, as charts give them. With wrong selectors each
// service matches nothing, and what it may have meant has to be looked for.
func crowd(n int, wrong bool) *snapshot.Snapshot {
	s := &snapshot.Snapshot{}
	for i := range 500 {
		s.Nodes = append(s.Nodes, node(fmt.Sprint("n", i)))
	}
	for i := range n {
		name := fmt.Sprint("web-", i)
		s.Services = append(s.Services, at(int32(30000+i), localTraffic, func(s *corev1.Service) {
			s.Name = name
			s.Spec.Selector = map[string]string{"app.kubernetes.io/managed-by": "Helm", "app": name}
			if wrong {
				s.Spec.Selector["app"] = name + "x"
			}
		}))
		for j := range 8 {
			s.Pods = append(s.Pods, pod(of(name), labelled("app.kubernetes.io/managed-by", "Helm"), func(p *corev1.Pod) {
				p.Name = fmt.Sprint(name, "-", j)
				p.Spec.NodeName = fmt.Sprint("n", (i*8+j)%500)
			}))
		}
	}
	return s
}

func BenchmarkServices(b *testing.B) {
	for _, wrong := range []bool{false, true} {
		for _, n := range []int{1250, 2500} {
			b.Run(fmt.Sprintf("wrong=%t/services=%d", wrong, n), func(b *testing.B) {
				s := crowd(n, wrong)
				b.ReportAllocs()
				for b.Loop() {
					Services(s)
				}
			})
		}
	}
}
