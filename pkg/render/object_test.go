package render

import (
	"bytes"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestObject(t *testing.T) {
	full := web(local, dualStack, func(s *route.Service) {
		s.Type = "LoadBalancer"
		s.InternalLocal = true
		s.Affinity = 90 * time.Second
		s.HealthCheckNodePort = 30044
		s.Ports[0].Endpoints[0].Ready, s.Ports[0].Endpoints[0].Terminating = false, true
		s.Ports[0].Endpoints[1].Pod = ""
		s.Ports = append(s.Ports, route.Port{Protocol: "UDP", Port: 53, Target: "dns"})
	})
	for _, test := range []struct {
		golden string
		table  *route.Table
		single bool
	}{
		{"single", tableOf(twoNodes(), web()), true},
		{"list", tableOf(twoNodes(), web()), false},
		{"everything", tableOf(append(twoNodes(), down("node-c", "10.1.11.6"), node("node-d", "fd00:1::4")), full), true},
		{"bare", tableOf(nil, web(noEndpoints, func(s *route.Service) { s.ClusterIPs = nil })), true},
		{"several-although-single", tableOf(nil, web(noEndpoints), web(noEndpoints)), true},
		{"endpoints-not-known", unknown(tableOf(twoNodes()[:1], web(noEndpoints))), true},
		{"empty", tableOf(nil), true},
	} {
		t.Run(test.golden, func(t *testing.T) {
			object, err := Object(test.table, test.single)
			checkError(t, err)
			var out bytes.Buffer
			checkError(t, (&printers.JSONPrinter{}).PrintObj(object, &out))
			golden(t, "object/"+test.golden+".json", out.String())
		})
	}
}

// Scripts count on lists being lists: none of them may be null.
func TestObjectHasNoNulls(t *testing.T) {
	object, err := Object(tableOf(nil, route.Service{Name: "web", Ports: []route.Port{{}}}), false)
	checkError(t, err)
	data, err := json.Marshal(object)
	checkError(t, err)
	if bytes.Contains(data, []byte("null")) {
		t.Errorf("%s", data)
	}
}

func TestObjectShowsEveryAddressOfEveryNode(t *testing.T) {
	object, err := Object(tableOf(manyNodes(100, 5), web()), true)
	checkError(t, err)
	port := object.Object["ports"].([]any)[0].(map[string]any)
	if got := len(port["addresses"].([]any)); got != 100 {
		t.Errorf("got %d addresses, want 100", got)
	}
}
