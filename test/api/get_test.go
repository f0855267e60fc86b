package api

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cli"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestGetShowsNodePortsOfBothTypesAndNoOthers(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, manifest("web", "[{port: 80, nodePort: 30045}]"))
	c.Apply(t, u.namespace, strings.Replace(manifest("balancer", "[{port: 80, nodePort: 30046}]"), "NodePort", "LoadBalancer", 1))
	c.Apply(t, u.namespace, strings.Replace(manifest("inside", "[{port: 80}]"), "NodePort", "ClusterIP", 1))

	r := u.succeeds(u.run("get", "-o", "name"))
	if r.out != "service/balancer\nservice/web\n" {
		t.Errorf("listed:\n%s", r.out)
	}
	u.fails(u.run("get", "inside"), `service "inside" is of type ClusterIP`)
	u.fails(u.run("get", "nobody"), `service "nobody" not found in namespace `+u.namespace)
	r = u.succeeds(u.run("get", "web", "-o", "jsonpath={.ports[0].nodePort}"))
	if r.out != "30045" {
		t.Errorf("jsonpath gave %q", r.out)
	}
}

func TestUsersOfFewRightsGetWhatIsPossibleAndAreToldTheRest(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	node(t, c, "rights-1", "127.0.0.4")
	pod(t, c, u.namespace, "web", "rights-1", "10.2.1.7", true)
	u.succeeds(u.apply(manifest("web", "[{name: http, port: 80, targetPort: 300, nodePort: 30047}]")))
	c.WaitEndpoints(t, u.namespace, "web", 1)

	read := []string{"get", "list", "watch"}
	services := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: read}
	slices := rbacv1.PolicyRule{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: read}
	tests := []struct {
		name  string
		rules []rbacv1.PolicyRule
		shown []string
		told  []string
	}{
		{"services only", []rbacv1.PolicyRule{services}, []string{"30047", "<unknown>", "http://<node>:30047"}, []string{"nodes", "endpointslices"}},
		{"services and endpoints", []rbacv1.PolicyRule{services, slices}, []string{"1/1", "http://<node>:30047"}, []string{"nodes is forbidden"}},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			limited := u
			limited.kubeconfig = c.UserIn(t, u.namespace, fmt.Sprintf("limited-%d", i), test.rules...)
			var r result
			rig.Eventually(t, waitLimit, func() error { // until the API server knows the role
				if r = limited.run("get"); r.code != 0 {
					return fmt.Errorf("exit code %d: %s", r.code, r.err)
				}
				return nil
			})
			for _, want := range test.shown {
				if !strings.Contains(r.out, want) {
					t.Errorf("%q is not shown in:\n%s", want, r.out)
				}
			}
			for _, want := range test.told {
				if !strings.Contains(r.err, want) {
					t.Errorf("%q is not told in:\n%s", want, r.err)
				}
			}
			limited.fails(limited.run("get", "-A"), "cannot list services", "cluster scope")
		})
	}
}

func TestExposeCheckIsNoAllClearForWhoMayNotListServices(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	u.succeeds(u.apply(manifest("web", "[{port: 80}]"), "--check=warn"))
	stranger := u
	stranger.kubeconfig = c.User(t, "stranger")
	if r := stranger.run("expose-check"); r.code != 2 || !strings.Contains(r.err, "cannot list services") {
		t.Errorf("exit code %d, told:\n%s%s", r.code, r.out, r.err)
	}
}

func TestAUserOfOneNamespaceCanCreateThere(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	limited := u
	limited.kubeconfig = c.UserIn(t, u.namespace, "author",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"create"}},
		rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get"}})
	rig.Eventually(t, waitLimit, func() error {
		if r := limited.run("create", "deploy/web", "--wait=false", "--port=30048:80:300"); r.code != 0 {
			return fmt.Errorf("exit code %d: %s", r.code, r.err)
		}
		return nil
	})
	if service(t, c, u.namespace, "web") == nil {
		t.Error("there is no service")
	}
}

func TestAUserWhoMayNotWatchIsNotLeftWaiting(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	node(t, c, "watch-1", "127.0.0.4")
	pod(t, c, u.namespace, "web", "watch-1", "10.2.1.7", false)
	limited := u
	limited.kubeconfig = c.UserIn(t, u.namespace, "reader",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"get", "list", "create"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}},
		rbacv1.PolicyRule{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"list"}})
	var r result
	rig.Eventually(t, waitLimit, func() error {
		if r = limited.run("create", "web", "--port=80:300"); r.code != 0 {
			return fmt.Errorf("exit code %d: %s", r.code, r.err)
		}
		return nil
	})
	if !strings.Contains(r.out, "service/web created") || !strings.Contains(r.err, "not waited until web can be reached") {
		t.Errorf("told:\n%s%s", r.out, r.err)
	}
	limited.fails(limited.run("get", "-w"), "cannot watch")
}

func TestGetWatchShowsWhatChanges(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, manifest("web", "[{port: 80, nodePort: 30049}]"))
	ctx, stop := context.WithCancel(t.Context())
	out := &buffer{}
	done := make(chan int)
	go func() {
		done <- cli.Run(ctx, []string{"get", "-w", "--kubeconfig=" + u.kubeconfig, "-n", u.namespace},
			genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: out})
	}()
	rig.Eventually(t, waitLimit, func() error { return out.contains("30049") })
	patch := []byte(`[{"op":"replace","path":"/spec/ports/0/nodePort","value":30055}]`)
	if _, err := c.Core().Services(u.namespace).Patch(t.Context(), "web", types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, waitLimit, func() error { return out.contains("30055") })
	if err := c.Core().Services(u.namespace).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, waitLimit, func() error { return out.contains("no node port any more") })
	stop()
	if code := <-done; code != 130 {
		t.Errorf("exit code %d", code)
	}
}

// buffer can be read while a command writes to it.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) contains(s string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !strings.Contains(b.text.String(), s) {
		return fmt.Errorf("%q has not come:\n%s", s, b.text.String())
	}
	return nil
}

func TestGetShowsWhatThereIsBesideWhatThereIsNot(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, manifest("web", "[{port: 80, nodePort: 30046}]"))
	r := u.run("get", "web", "nope")
	u.fails(r, `service "nope" not found in namespace `+u.namespace)
	if !strings.Contains(r.out, "30046") {
		t.Errorf("web is not shown:\n%s", r.out)
	}
	u.fails(u.run("get", "wbe"), `did you mean "web"?`)
}
