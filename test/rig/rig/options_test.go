package rig_test

import (
	"fmt"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestNodePortRange(t *testing.T) {
	c := rig.StartAPI(t, rig.NodePortRange("20000-22767"))
	ns := c.Namespace(t)
	out, err := apply(t, c, ns, tutorial)
	if err == nil || !strings.Contains(out, "20000-22767") {
		t.Errorf("a port of the default range: %v: %s", err, out)
	}
	c.Apply(t, ns, strings.Replace(tutorial, "30033", "20033", 1))
}

func TestDualStack(t *testing.T) {
	c := rig.Start(t, rig.DualStack())
	ns := c.Namespace(t)
	c.Apply(t, ns, strings.Replace(tutorial, "clusterIP: 10.3.11.5", "ipFamilyPolicy: RequireDualStack", 1))
	pod := c.Pod(t, ns, "web", c.Node(1).Name(), "-http", ":300")
	c.WaitEndpoints(t, ns, "web", 1)
	for _, n := range c.Nodes() {
		if len(n.Addrs()) != 2 {
			t.Fatalf("addresses %v", n.Addrs())
		}
		answers(t, c, fmt.Sprintf("http://%s:30033/", n.Addrs()[0]), pod.Name)
		answers(t, c, fmt.Sprintf("http://[%s]:30033/", n.Addrs()[1]), pod.Name)
	}
}

func TestUserMayDoWhatTheRulesSayOnly(t *testing.T) {
	c := rig.StartAPI(t)
	ns := c.Namespace(t)
	read := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"list"}}
	everywhere, here, nowhere := c.User(t, "ann", read), c.UserIn(t, ns, "bob", read), c.User(t, "eve")
	for _, test := range []struct {
		kubeconfig, namespace, resource string
		allowed                         bool
	}{
		{everywhere, ns, "services", true},
		{everywhere, "default", "services", true},
		{everywhere, ns, "pods", false},
		{here, ns, "services", true},
		{here, "default", "services", false},
		{nowhere, ns, "services", false},
	} {
		cmd := c.Client().Command(t.Context(), "kubectl", "get", test.resource, "-n", test.namespace, "--kubeconfig", test.kubeconfig)
		if out, err := cmd.CombinedOutput(); (err == nil) != test.allowed {
			t.Errorf("%v: %v: %s", test, err, out)
		}
	}
}

func TestRigsWithEqualOptionsAreShared(t *testing.T) {
	t.Setenv(rig.EnvKubeconfig, "")
	a, b := rig.StartAPI(t), rig.StartAPI(t)
	if a != b {
		t.Error("the same options started two rigs")
	}
	if c := rig.StartAPI(t, rig.Dedicated()); c == a {
		t.Error("a dedicated rig is shared")
	}
}

func TestPopulate(t *testing.T) {
	c := rig.StartAPI(t, rig.Controllers(), rig.Dedicated())
	size := rig.Size{Services: 3, Pods: 301, Nodes: 2, Namespaces: 2}
	if err := rig.Populate(t.Context(), c.RESTConfig(), size); err != nil {
		t.Fatal(err)
	}
	services, err := c.Core().Services("").List(t.Context(), metav1.ListOptions{LabelSelector: "app"})
	if err != nil || len(services.Items) != size.Services {
		t.Fatalf("%d services, %v", len(services.Items), err)
	}
	pods := c.WaitPodsReady(t, "", "app", size.Pods-size.Pods/25)
	for _, s := range services.Items {
		endpoints, selected := 0, 0
		slices, err := c.Discovery().EndpointSlices(s.Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=" + s.Name})
		if err != nil {
			t.Fatal(err)
		}
		for _, slice := range slices.Items {
			for _, e := range slice.Endpoints {
				if *e.Conditions.Ready {
					endpoints++
				}
			}
		}
		for _, p := range pods {
			if p.Labels["app"] == s.Spec.Selector["app"] && p.Namespace == s.Namespace {
				selected++
			}
		}
		if endpoints != selected || endpoints == 0 {
			t.Errorf("service %s has %d ready endpoints, %d ready pods", s.Name, endpoints, selected)
		}
	}
}

func apply(t *testing.T, c *rig.Cluster, ns, manifest string) (string, error) {
	t.Helper()
	cmd := c.Client().Command(t.Context(), "kubectl", "apply", "-n", ns, "-f", "-")
	cmd.Stdin = strings.NewReader(manifest)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
