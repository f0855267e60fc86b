package snapshot

import (
	"errors"
	"testing"
)

func TestPosition(t *testing.T) {
	for _, test := range []struct {
		position Position
		want     string
	}{
		{Position{}, ""},
		{Position{File: "service.yaml"}, "service.yaml"},
		{Position{File: "service.yaml", Line: 12}, "service.yaml:12"},
		{Position{File: "service.yaml", Line: 12, Column: 5}, "service.yaml:12:5"},
		{Position{File: "service.yaml", Column: 5}, "service.yaml"},
		{Position{File: "-", Line: 1, Column: 1}, "-:1:1"},
	} {
		if got := test.position.String(); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.position, got, test.want)
		}
	}
}

func TestRef(t *testing.T) {
	if got, want := RefOf("Pod", pod("shop", "web-1", nil)), (Ref{"Pod", "shop", "web-1"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	for want, ref := range map[string]Ref{"Service/shop/web": {"Service", "shop", "web"}, "Node/node-a": {Kind: "Node", Name: "node-a"}} {
		if got := ref.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestKnows(t *testing.T) {
	forbidden := errors.New("nodes is forbidden")
	s := &Snapshot{Gaps: []Gap{{Resource: "nodes", Err: forbidden}, {Resource: "services", Namespace: "bar", Err: forbidden}}}
	for resource, want := range map[string]bool{"nodes": false, "services": false, "pods": true, "": true} {
		if got := s.Knows(resource); got != want {
			t.Errorf("%q: got %t, want %t", resource, got, want)
		}
	}
	if !(&Snapshot{}).Knows("nodes") {
		t.Error("about an empty cluster everything is known")
	}
}

// files locates every field of every object at a line of one file.
type files struct{ line int }

func (f files) Locate(object Ref, field string) Position {
	return Position{File: object.Name + ".yaml", Line: f.line, Column: len(field)}
}

func TestLocate(t *testing.T) {
	web := Ref{"Service", "shop", "web"}
	if got := (&Snapshot{}).Locate(web, "spec"); got != (Position{}) {
		t.Errorf("without files: got %v", got)
	}
	if got, want := (&Snapshot{Positions: files{7}}).Locate(web, "spec"), (Position{"web.yaml", 7, 4}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestParseKind(t *testing.T) {
	for word, want := range map[string]string{
		"po": "Pod", "pod": "Pod", "pods": "Pod", "Pod": "Pod", "PODS": "Pod",
		"deploy": "Deployment", "deployment": "Deployment", "deployments": "Deployment",
		"deployment.apps": "Deployment", "deployments.apps": "Deployment", "Deployment.v1.apps": "Deployment",
		"sts": "StatefulSet", "statefulset": "StatefulSet", "statefulsets": "StatefulSet",
		"ds": "DaemonSet", "daemonset": "DaemonSet", "daemonsets": "DaemonSet",
		"rs": "ReplicaSet", "replicaset": "ReplicaSet", "replicasets": "ReplicaSet",
		"rc": "ReplicationController", "replicationcontroller": "ReplicationController", "replicationcontrollers": "ReplicationController",
		"job": "Job", "jobs": "Job", "jobs.batch": "Job",
		"svc": "Service", "service": "Service", "services": "Service",
		"no": "Node", "node": "Node", "nodes": "Node",
		"": "", "cronjob": "", "ingress": "", "deploys": "", ".apps": "", "web": "",
	} {
		got, ok := ParseKind(word)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %t, want %q", word, got, ok, want)
		}
	}
}
