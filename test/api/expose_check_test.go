package api

import (
	"context"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	networkingclient "k8s.io/client-go/kubernetes/typed/networking/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cli"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// watch runs expose-check --watch until it ends by itself or is stopped.
func (u user) watch(flags ...string) (out *buffer, stop context.CancelFunc, code <-chan int) {
	ctx, stop := context.WithCancel(u.t.Context())
	u.t.Cleanup(stop)
	out, ended := &buffer{}, make(chan int, 1)
	go func() {
		args := append([]string{"expose-check", "--watch", "--static", "--kubeconfig=" + u.kubeconfig, "-n", u.namespace}, flags...)
		ended <- cli.Run(ctx, args, genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: out})
	}()
	return out, stop, ended
}

func TestExposeCheckWatchSeesEveryObjectThatMendsAService(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	node(t, c, "mend-1", "127.0.0.5")
	c.Apply(t, u.namespace, strings.Replace(manifest("web", "[{name: http, port: 80, targetPort: 300}]"), "app: web", "app: wbe", 1))
	c.Apply(t, u.namespace, `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody}
spec: {podSelector: {}, policyTypes: [Ingress]}
`)
	out, _, ended := u.watch()
	shown := func(text string) {
		t.Helper()
		rig.Eventually(t, waitLimit, func() error { return out.contains(text) })
	}
	shown("NP201")
	patch := []byte(`{"spec":{"selector":{"app":"web"}}}`)
	if _, err := c.Core().Services(u.namespace).Patch(t.Context(), "web", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	shown("selector app=web matches no pod")
	pod(t, c, u.namespace, "web", "mend-1", "10.2.1.7", false)
	shown("is not ready")
	setReady(t, c, u.namespace, "web", "10.2.1.7", true)
	shown("NP241")
	policies := networkingclient.NewForConfigOrDie(c.RESTConfig()).NetworkPolicies(u.namespace)
	if err := policies.Delete(t.Context(), "nobody", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d: %s", code, out.text.String())
	}
}

func TestExposeCheckWatchEndsAtOnceWhereItCannotGoOn(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	out, _, ended := u.watch("nobody")
	if code := <-ended; code != 2 || out.contains(`service "nobody" not found in namespace `+u.namespace) != nil {
		t.Errorf("exit code %d, told: %s", code, out.text.String())
	}
	c.Apply(t, u.namespace, manifest("web", "[{port: 80}]"))
	limited := u
	limited.kubeconfig = c.UserIn(t, u.namespace, "lister",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"list"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
	rig.Eventually(t, waitLimit, func() error {
		out, _, ended = limited.watch()
		if code := <-ended; code != 2 {
			t.Errorf("exit code %d, told: %s", code, out.text.String())
		}
		return out.contains("cannot watch: ")
	})
}

func TestExposeCheckWatchWithoutServicesWaitsForOne(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	out, stop, ended := u.watch()
	rig.Eventually(t, waitLimit, func() error { return out.contains("No NodePort services found in namespace " + u.namespace) })
	c.Apply(t, u.namespace, manifest("web", "[{port: 80}]"))
	rig.Eventually(t, waitLimit, func() error { return out.contains("NP201") })
	stop()
	if code := <-ended; code != 130 || out.contains("interrupted") != nil {
		t.Errorf("exit code %d, told: %s", code, out.text.String())
	}
}

func TestANamespaceThatDoesNotExistIsSaid(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	u.namespace = "nosuch"
	if r := u.run("get"); r.code != 0 || !strings.Contains(r.err, "No NodePort services found in namespace nosuch, which does not exist.") {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
	u.fails(u.run("get", "web"), `service "web" not found in namespace nosuch, which does not exist`)
	if r := u.run("expose-check"); r.code != 2 || !strings.Contains(r.err, `error: namespace "nosuch" does not exist`) {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.err)
	}
	if r := u.run("expose-check", "web"); r.code != 2 || !strings.Contains(r.err, `error: namespace "nosuch" does not exist`) {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.err)
	}
}

func TestWhatTheAPIServerRefusesIsPlacedInTheFile(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	r := u.apply(manifest("web", "[{port: 80, nodePort: 80}]"))
	u.fails(r, "out of the node port range", "Nothing was changed.")
	if strings.Contains(r.err, "--check=warn") {
		t.Errorf("it is said to help against the API server:\n%s", r.err)
	}
	refused := strings.Replace(manifest("web", "[{port: 80, nodePort: 80}]"), "type:", "externalTrafficPolicy: Local\n  type:", 1)
	u.fails(u.apply(refused, "--check=ignore"), "stdin:9:22: cannot apply service", "spec.ports[0].nodePort")
	r = u.runWith(t.Context(), deployment, "create", "-f", "-", "--wait=false", "--check=ignore", "--node-port=80", "--port=http")
	u.fails(r, "stdin:2:1: cannot create service")
	c.Apply(t, u.namespace, manifest("web", "[{port: 80}]"))
	r = u.runWith(t.Context(), deployment, "create", "-f", "-", "--wait=false", "--check=ignore", "--port=http")
	u.fails(r, "stdin:2:1: ", "already exists")
}
