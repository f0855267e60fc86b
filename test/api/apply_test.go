package api

import (
	"errors"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestApplyKeepsTheNodePortThatTheAPIServerChose(t *testing.T) {
	c := rig.StartAPI(t)
	tests := map[string]struct{ first, second string }{
		"when nothing changes":                 {"[{name: http, port: 80}]", "[{name: http, port: 80}]"},
		"when the port gets another number":    {"[{name: http, port: 80}]", "[{name: http, port: 81}]"},
		"when the port gets another name":      {"[{name: http, port: 80}]", "[{name: web, port: 80}]"},
		"when it gets another name and number": {"[{name: http, port: 80}]", "[{name: web, port: 81}]"},
		"when a port comes in front of it": {
			"[{name: http, port: 80, targetPort: 300}]", "[{name: admin, port: 90, targetPort: 301}, {name: http, port: 80, targetPort: 300}]"},
		"when of several ports one is renamed and renumbered": {
			"[{name: http, port: 80, targetPort: 300}, {name: admin, port: 90, targetPort: 301}]",
			"[{name: web, port: 81, targetPort: 300}, {name: admin, port: 90, targetPort: 301}]"},
		"when the manifest gave it and no longer does": {"[{name: http, port: 80, nodePort: 30061}]", "[{name: http, port: 80}]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u := admin(t, c)
			c.Apply(t, u.namespace, deployment)
			u.succeeds(u.apply(manifest("web", test.first)))
			before := service(t, c, u.namespace, "web").Spec.Ports[0]
			u.succeeds(u.apply(manifest("web", test.second)))
			for _, after := range service(t, c, u.namespace, "web").Spec.Ports {
				if after.NodePort == before.NodePort && after.TargetPort == before.TargetPort {
					return
				}
				if len(test.second) < 40 && after.NodePort == before.NodePort {
					return // without a target the target follows the port
				}
			}
			t.Errorf("node port %d is gone: %+v", before.NodePort, service(t, c, u.namespace, "web").Spec.Ports)
		})
	}
}

func TestApplySaysWhatBecameOfTheService(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	for _, step := range []struct{ ports, outcome string }{
		{"[{port: 80, targetPort: 300}]", "service/web created\n"},
		{"[{port: 80, targetPort: 300}]", "service/web unchanged\n"},
		{"[{port: 80, targetPort: 301}]", "service/web configured\n"},
	} {
		if r := u.succeeds(u.apply(manifest("web", step.ports))); r.out != step.outcome {
			t.Errorf("told %q, want %q", r.out, step.outcome)
		}
	}
}

func TestServerDryRunOfApplyShowsTheChangesOnly(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	u.succeeds(u.apply(manifest("web", "[{port: 80, targetPort: 300}]")))
	before := service(t, c, u.namespace, "web")
	r := u.succeeds(u.apply(manifest("web", "[{port: 80, targetPort: 301}]"), "--dry-run=server"))
	for _, want := range []string{"-    targetPort: 300\n", "+    targetPort: 301\n", "service/web configured (server dry run)\n"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is not in:\n%s", want, r.out)
		}
	}
	if after := service(t, c, u.namespace, "web"); after.ResourceVersion != before.ResourceVersion {
		t.Error("the service was changed")
	}
}

func TestApplyNamesTheFieldAndTheManagerOfAConflict(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	u.succeeds(u.apply(manifest("web", "[{port: 80, targetPort: 300}]")))
	patch := []byte(`{"spec":{"sessionAffinity":"ClientIP"}}`)
	if _, err := c.Core().Services(u.namespace).Patch(t.Context(), "web", types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: "bob"}); err != nil {
		t.Fatal(err)
	}
	affine := strings.Replace(manifest("web", "[{port: 80, targetPort: 300}]"), "type: NodePort", "type: NodePort\n  sessionAffinity: None", 1)
	u.fails(u.apply(affine), `service "web"`, `spec.sessionAffinity by "bob"`, "--force-conflicts")
	u.succeeds(u.apply(affine, "--force-conflicts"))
	if got := service(t, c, u.namespace, "web").Spec.SessionAffinity; got != "None" {
		t.Errorf("session affinity is %s", got)
	}
}

func TestApplyChangesWhatCreateMade(t *testing.T) {
	c := rig.StartAPI(t)
	tests := map[string]struct {
		ports string
		want  int32 // the service port
	}{
		"the node port":                  {"[{name: http, port: 80, targetPort: 300, nodePort: 30072}]", 80},
		"the service port":               {"[{name: http, port: 81, targetPort: 300}]", 81},
		"the service port and its name":  {"[{name: web, port: 81, targetPort: 300}]", 81},
		"the target port":                {"[{name: http, port: 80, targetPort: 301}]", 80},
		"the protocol beside the number": {"[{name: http, port: 80, targetPort: 300, protocol: UDP}]", 80},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u := admin(t, c)
			c.Apply(t, u.namespace, deployment)
			u.succeeds(u.run("create", "deploy/web", "--wait=false", "--port=http=80:300", "--session-affinity=ClientIP"))
			u.succeeds(u.apply(manifest("web", test.ports), "--check=warn"))
			web := service(t, c, u.namespace, "web")
			if len(web.Spec.Ports) != 1 || web.Spec.Ports[0].Port != test.want {
				t.Errorf("the ports are %+v", web.Spec.Ports)
			}
			if web.Spec.SessionAffinity != "None" {
				t.Errorf("session affinity, which the manifest does not have, is %s", web.Spec.SessionAffinity)
			}
		})
	}
}

func TestApplyOverSeveralNamespacesNeedsNoRightsBeyondThem(t *testing.T) {
	c := rig.StartAPI(t)
	u, other := admin(t, c), admin(t, c)
	rules := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"get", "create", "patch"}}}
	limited := u
	limited.kubeconfig = c.UserIn(t, u.namespace, "applier", rules...)
	c.UserIn(t, other.namespace, "applier", rules...)
	in := func(namespace string) string {
		return strings.Replace(manifest("web", "[{port: 80, targetPort: 300}]"), "name: web", "name: web, namespace: "+namespace, 1)
	}
	limited.namespace = ""
	rig.Eventually(t, waitLimit, func() error {
		if r := limited.apply(in(u.namespace)+"---"+in(other.namespace), "--check=warn"); r.code != 0 {
			return errors.New(r.err)
		}
		return nil
	})
	if service(t, c, u.namespace, "web") == nil || service(t, c, other.namespace, "web") == nil {
		t.Error("not both services are there")
	}
}

func TestApplyOfSeveralServicesIsAllOrNothing(t *testing.T) {
	c := rig.StartAPI(t)
	good := manifest("good", "[{port: 80, targetPort: 300, nodePort: 30070}]")
	tests := map[string]struct{ bad, told string }{
		"when a check finds an error":          {manifest("bad", "[{port: 80, targetPort: 300, nodePort: 99}]"), "99"},
		"when two want the same node port":     {manifest("bad", "[{port: 80, targetPort: 300, nodePort: 30070}]"), "good"},
		"when the API server refuses one":      {strings.Replace(manifest("bad", "[{port: 80}]"), "type: NodePort", "type: NodePort\n  clusterIP: 192.0.2.1", 1), "192.0.2.1"},
		"when a manifest has an unknown field": {strings.Replace(manifest("bad", "[{port: 80}]"), "selector", "slector", 1), "did you mean selector?"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u := admin(t, c)
			c.Apply(t, u.namespace, deployment)
			u.fails(u.apply(good+"---"+test.bad), test.told)
			if service(t, c, u.namespace, "good") != nil {
				t.Error("one of them was applied")
			}
		})
	}
}

func TestApplyPassesOverWhatIsNoService(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	r := u.succeeds(u.apply(deployment + "---" + manifest("web", "[{port: 80, targetPort: 300}]")))
	if !strings.Contains(r.err, "passed over deployment/web") {
		t.Errorf("it is not told:\n%s", r.err)
	}
	if service(t, c, u.namespace, "web") == nil {
		t.Error("there is no service")
	}
}

func TestServerDryRunOfApplyTakesOverWhatCreateHasSet(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	u.succeeds(u.run("create", "deploy/web", "--port", "http=80:300", "--annotation", "note=mine", "--wait=false"))
	before := service(t, c, u.namespace, "web")
	changed := manifest("web", "[{name: http, port: 81, targetPort: 300}]")
	told := u.succeeds(u.apply(changed, "--dry-run=server"))
	for _, want := range []string{"-    note: mine\n", "-    port: 80\n", "+    port: 81\n"} {
		if !strings.Contains(told.out, want) {
			t.Errorf("%q is not in:\n%s", want, told.out)
		}
	}
	if after := service(t, c, u.namespace, "web"); after.ResourceVersion != before.ResourceVersion {
		t.Error("the service was changed")
	}
	u.succeeds(u.apply(changed))
	if after := service(t, c, u.namespace, "web"); len(after.Spec.Ports) != 1 || after.Spec.Ports[0].Port != 81 || after.Annotations["note"] != "" {
		t.Errorf("the apply did not do what the dry run said: %v, %+v", after.Annotations, after.Spec.Ports)
	}
}

func TestApplySaysWhosePortIsInTheWay(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	c.Apply(t, u.namespace, manifest("web", "[{name: http, port: 80, targetPort: 300, nodePort: 30062}]"))
	for _, flags := range [][]string{nil, {"--force-conflicts"}} {
		u.fails(u.apply(manifest("web", "[{name: http, port: 81, targetPort: 300, nodePort: 30062}]"), flags...),
			"the service keeps its port 80, which the manifest does not have, because ")
	}
}
