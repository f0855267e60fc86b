package manifest_test

import (
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestLocate(t *testing.T) {
	const text = `# the shop
---
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: &labels
    app.kubernetes.io/name: web
    tier: "front"
spec:
  selector:
    <<: *labels
    app: web
  ports:
  - &main {name: http, port: 82}
  - <<: [*main, {protocol: UDP}]
    nodePort: 30033
    port: 83
  externalIPs: [10.1.11.9]
`
	tests := []struct{ name, field, want string }{
		{"the object", "", "stdin:3:1"},
		{"a field", "spec.externalIPs", "stdin:19:3"},
		{"a field of an item of a list", "spec.ports[1].nodePort", "stdin:17:5"},
		{"an item of a list", "spec.ports[1]", "stdin:16:5"},
		{"a field on one line with others", "spec.ports[0].port", "stdin:15:24"},
		{"a label with dots", "metadata.labels[app.kubernetes.io/name]", "stdin:8:5"},
		{"a label written as a field", "spec.selector.app", "stdin:13:5"},
		{"a field that a merge brings", "spec.selector[tier]", "stdin:9:5"},
		{"a field that a list of merges brings", "spec.ports[1].protocol", "stdin:16:18"},
		{"a field that overrides a merge", "spec.ports[1].port", "stdin:18:5"},
		{"the nearest parent of an absent field", "spec.ports[0].nodePort", "stdin:15:5"},
		{"the nearest parent of an absent item", "spec.ports[7].nodePort", "stdin:14:3"},
		{"the object of an absent field at the top", "status.loadBalancer", "stdin:3:1"},
		{"a field inside of what is no mapping", "metadata.name.first", "stdin:6:3"},
		{"nonsense", "]]..[[", "stdin:3:1"},
	}
	object := readText(t, text).Objects[0]
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := object.Locate(test.field).String(); got != test.want {
				t.Errorf("%q is at %s, want %s", test.field, got, test.want)
			}
		})
	}
}

func TestLocateInJSONCountsCharactersNotBytes(t *testing.T) {
	object := readText(t, "{\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\", \"metadata\": {\"annotations\": {\"ü\": \"€\"}, \"name\": \"a\"}}").Objects[0]
	if got := object.Locate("metadata.name").String(); got != "stdin:2:57" {
		t.Errorf("the name is at %s", got)
	}
}

func TestASnapshotFindsItsObjectsInTheFiles(t *testing.T) {
	const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        ports:
        - containerPort: 300
`
	s, _ := readText(t, service+"---\n"+deployment).Snapshot(manifest.Defaults{Namespace: "front"})
	tests := []struct {
		name  string
		ref   snapshot.Ref
		field string
		want  string
	}{
		{"a service in the namespace that it was given", snapshot.Ref{Kind: "Service", Namespace: "front", Name: "web"}, "spec.type", "stdin:6:3"},
		{"the slice of a service is the service", snapshot.Ref{Kind: "EndpointSlice", Namespace: "front", Name: "web-1"}, "", "stdin:1:1"},
		{"a port of a pod is in the template of its workload", snapshot.Ref{Kind: "Pod", Namespace: "shop", Name: "web-1"}, "spec.containers[0].ports[0].containerPort", "stdin:26:11"},
		{"a label of a pod, too", snapshot.Ref{Kind: "Pod", Namespace: "shop", Name: "web-1"}, "metadata.labels[app]", "stdin:21:9"},
		{"what no file holds", snapshot.Ref{Kind: "Pod", Namespace: "shop", Name: "other"}, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := s.Locate(test.ref, test.field).String(); got != test.want {
				t.Errorf("%v %q is at %q, want %q", test.ref, test.field, got, test.want)
			}
		})
	}
}
