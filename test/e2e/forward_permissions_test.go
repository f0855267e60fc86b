package e2e

import (
	"fmt"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// forwarder gives the shell a user who has the least role for forward, but for
// what may not be, and with what may be.
func (s *shell) forwarder(name string, without string, with ...rbacv1.PolicyRule) {
	s.t.Helper()
	rules := with
	for _, rule := range []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{""}, Resources: []string{"pods/portforward"}, Verbs: []string{"get", "create"}},
	} {
		if rule.Resources[0] != without {
			rules = append(rules, rule)
		}
	}
	s.kubeconfig = s.cluster.User(s.t, name, rules...)
}

func TestAUserForwardsWithTheLeastRole(t *testing.T) {
	s, port := deployed(t, rig.Start(t, rig.Nodes(3)), 1)
	s.forwarder("forwarder", "")
	for _, test := range []struct {
		name, says string
		args       []string
	}{
		{"to all pods", "note: you may not list nodes: if this machine is one of them, give --via direct", nil},
		{"through tunnels, where nodes do not matter", "", []string{"--via=tunnel"}},
		{"as a node that is not known", "that node n1 exists is believed", []string{"--node=n1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := s
			s.t = t
			_, stop := s.forward("→ 1 pod", append(test.args, "web")...)
			s.answers(fmt.Sprintf("http://127.0.0.1:%d/", port), "pod web-")
			if r := stop(); !strings.Contains(r.err, test.says) || test.says == "" && r.err != "" {
				t.Errorf("got %q, want %q", r.err, test.says)
			}
		})
	}
	r := s.kubectl("nodeport", "forward", "web", "--nodes")
	if r.code != 1 || !strings.Contains(r.err, "you may not list them") || !strings.Contains(r.err, "docs/rbac.yaml") {
		t.Errorf("--nodes without nodes: exit code %d, %q", r.code, r.err)
	}
}

func TestAUserForwardsWhoMayListNodesButNotWatchThem(t *testing.T) {
	s, port := deployed(t, rig.Start(t, rig.Nodes(3)), 1)
	admin := s
	s.forwarder("lister", "", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list"}})
	output, stop := s.forward("→ 1 pod", "web", "--nodes")
	s.says(output, fmt.Sprintf("127.0.0.3:%d", port))
	s.answers(fmt.Sprintf("http://127.0.0.2:%d/", port), "pod web-")
	admin.ok(admin.kubectl("scale", "deployment/web", "--replicas=2"))
	s.says(output, "→ 2 pods")
	if r := stop(); r.code != 0 || strings.Count(r.err, "you may not watch nodes") != 1 {
		t.Errorf("exit code %d, %q", r.code, r.err)
	}
}

func TestAUserWhoMayNotForwardIsToldThePermission(t *testing.T) {
	s, port := deployed(t, rig.Start(t, rig.Nodes(3)), 1)
	s.forwarder("viewer", "pods/portforward")
	_, stop := s.forward("→ 1 pod", "web", "--via=tunnel")
	if _, err := s.get(fmt.Sprintf("http://127.0.0.1:%d/", port)); err == nil {
		t.Error("the pod answers")
	}
	if r := stop(); !strings.Contains(r.err, "get and create of pods/portforward are needed: see nodeport-forward in https://") {
		t.Errorf("got %q", r.err)
	}
}

func TestForwardTellsWhyItGoesOverSPDY(t *testing.T) {
	s, port := deployed(t, rig.Start(t, rig.Nodes(3)), 1)
	s.forwarder("creator", "pods/portforward",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods/portforward"}, Verbs: []string{"create"}})
	_, stop := s.forward("→ 1 pod", "web", "--via=tunnel", "--status=127.0.0.1:9090")
	s.answers(fmt.Sprintf("http://127.0.0.1:%d/", port), "pod web-")
	s.answers("http://127.0.0.1:9090/metrics", "nodeport_tunnels_open ")
	if r := stop(); strings.Count(r.err, "tunnels go over SPDY") != 1 || !strings.Contains(r.err, `cannot get resource "pods/portforward"`) {
		t.Errorf("got %q", r.err)
	}
}
