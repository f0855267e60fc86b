package local

import (
	"net/netip"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// toThisMachine are services whose endpoints the API server refuses, as they
// name this machine, with one that it takes.
const toThisMachine = `
apiVersion: v1
kind: Service
metadata: {name: slice}
spec: {type: NodePort, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: slice-1, labels: {kubernetes.io/service-name: slice}}
addressType: IPv4
ports: [{port: 80}]
endpoints:
- {addresses: ["127.0.0.1"]}
- {addresses: ["0.0.0.0"]}
- {addresses: ["169.254.169.254"]}
- {addresses: ["224.0.0.1"]}
- {addresses: ["::ffff:127.0.0.1"]}
- {addresses: ["192.0.2.7"]}
---
apiVersion: v1
kind: Service
metadata: {name: mirrored}
spec: {type: NodePort, ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: mirrored}
subsets: [{addresses: [{ip: 127.0.0.1}, {ip: 192.0.2.7}], ports: [{port: 80}]}]
`

func TestARunSendsNothingToAddressesThatAreNoEndpoints(t *testing.T) {
	c := run(t, Options{Nodes: 1, Engine: engine.Options{}}, toThisMachine)
	for _, name := range []string{"slice", "mirrored"} {
		service := c.Table().Service("default", name)
		if service == nil {
			t.Fatalf("there is no service %s", name)
		}
		endpoints := service.Ports[0].Endpoints
		if want := netip.MustParseAddrPort("192.0.2.7:80"); len(endpoints) != 1 || endpoints[0].Address != want {
			t.Errorf("%s leads to %v, want %s alone", name, endpoints, want)
		}
	}
}

func TestAPodOfItsNodesNetworkKeepsItsLoopbackAddress(t *testing.T) {
	c := run(t, Options{Nodes: 1}, `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {hostNetwork: true, containers: [{name: c, image: x}]}
`)
	var endpoints []route.Endpoint
	if service := c.Table().Service("default", "web"); service != nil {
		endpoints = service.Ports[0].Endpoints
	}
	if len(endpoints) != 1 || !endpoints[0].Address.Addr().IsLoopback() {
		t.Errorf("endpoints %v", endpoints)
	}
}
