package check

import (
	"slices"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestAServiceAfterAnotherIsCheckedAsItWouldBeAlone(t *testing.T) {
	s := cluster(around(at(30033, live), cart(30034), pod(of("cart")), node("n2", down))...)
	checker := New(s)
	source := snapshot.Ref{Kind: "Deployment", Namespace: "shop", Name: "cart"}
	for range 2 {
		for _, service := range s.Services {
			if got, want := checker.Service(service), New(s).Service(service); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", service.Name, got, want)
			}
			if got, want := checker.Strangers(service, source), New(s).Strangers(service, source); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", service.Name, got, want)
			}
		}
	}
}

// An index for each service took 84 seconds.
func TestManyServicesAreCheckedInNoTime(t *testing.T) {
	s := crowd(2500, false)
	checker := New(s)
	begin := time.Now()
	for _, service := range s.Services {
		checker.Service(service)
		checker.Strangers(service, snapshot.Ref{Kind: "Deployment", Namespace: "shop", Name: service.Name})
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}
