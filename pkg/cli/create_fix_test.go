package cli

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/author"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
)

func TestFixesOfServicesFromFlagsAreFlags(t *testing.T) {
	spec, err := author.ParsePort("http=30033:82:300")
	checkError(t, err, "")
	typed := author.Options{Ports: []author.PortSpec{spec}}
	for _, test := range []struct {
		name, fix string
		options   author.Options
		want      string
	}{
		{"a node port in --port", "set spec.ports[0].nodePort to 30021", typed, "give --port=http=30021:82:300"},
		{"a node port in --node-port", "set spec.ports[0].nodePort to 30021", author.Options{NodePort: 30033}, "give --node-port=30021"},
		{"a target port", "set spec.ports[0].targetPort to 301", typed, "give --port=http=30033:82:301"},
		{"a target port by its name", `set spec.ports[0].targetPort to "web"`, typed, "give --port=http=30033:82:web"},
		{"a traffic policy", `set spec.externalTrafficPolicy to "Cluster"`, typed, "give --external-traffic-policy=Cluster"},
		{"a selector", `set spec.selector to {"b":"2","a":"1"}`, typed, "give --selector=a=1,b=2"},
		{"a field without a flag stays", "set spec.healthCheckNodePort to 30021", typed, "set spec.healthCheckNodePort to 30021"},
		{"a port of the containers stays", "set spec.ports[0].targetPort to 301", author.Options{}, "set spec.ports[0].targetPort to 301"},
		{"a port that is not there stays", "set spec.ports[7].nodePort to 30021", typed, "set spec.ports[7].nodePort to 30021"},
		{"a command stays", "kubectl label pod web app=web", typed, "kubectl label pod web app=web"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := inFlags([]check.Finding{{Fix: test.fix}}, service(func(*corev1.Service) {}), test.options)[0].Fix
			if got != test.want {
				t.Errorf("the fix is %q, want %q", got, test.want)
			}
		})
	}
}
