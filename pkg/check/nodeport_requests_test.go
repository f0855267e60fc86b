package check

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// finishes runs a check that must not hang.
func finishes(t *testing.T, s *corev1.Service, in ...any) []Finding {
	t.Helper()
	const limit = time.Minute // against an endless search; it takes milliseconds
	done := make(chan []Finding, 1)
	go func() { done <- New(cluster(around(in...)...)).Service(s) }()
	select {
	case findings := <-done:
		return findings
	case <-time.After(limit):
		t.Fatalf("no result after %s", limit)
		return nil
	}
}

// manyPorts is a service with n node ports of the dynamic band.
func manyPorts(n int) *corev1.Service {
	return service(func(s *corev1.Service) {
		s.Spec.Ports = nil
		for i := range int32(n) {
			s.Spec.Ports = append(s.Spec.Ports, port(fmt.Sprint("p", i), 1000+i, 31000+i))
		}
	})
}

func TestManyNodePorts(t *testing.T) {
	for _, n := range []int{80, 86, 87, 1200} {
		t.Run(fmt.Sprintf("%d ports share the static band", n), func(t *testing.T) {
			fixes := map[string]bool{}
			for _, finding := range finishes(t, manyPorts(n)) {
				if finding.ID == "NP104" && finding.Fix != "" {
					fixes[finding.Fix[len(finding.Fix)-len("30000"):]] = true
				}
			}
			if want := min(n, 86); len(fixes) != want {
				t.Errorf("%d different ports are suggested, want %d", len(fixes), want)
			}
		})
	}
	t.Run("more than the range has", func(t *testing.T) {
		s := service(func(s *corev1.Service) {
			s.Spec.Ports = nil
			for i := range int32(5000) {
				s.Spec.Ports = append(s.Spec.Ports, port(fmt.Sprint("p", i), 1000+i, 31000))
			}
		})
		var last Finding
		for _, finding := range finishes(t, s, cart(31000)) {
			if finding.ID == NodePortTaken {
				last = finding
			}
		}
		if last.Fix != "free a node port: all of 30000-32767 are taken" {
			t.Errorf("the fix of the last port is %q", last.Fix)
		}
	})
}
