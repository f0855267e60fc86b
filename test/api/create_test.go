package api

import (
	"context"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestCreateTakesSelectorAndPortsOfADeployment(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	u.succeeds(u.run("create", "deploy/web", "--wait=false"))

	web := service(t, c, u.namespace, "web")
	if web == nil {
		t.Fatal("there is no service")
	}
	if got := web.Spec.Selector; len(got) != 1 || got["app"] != "web" {
		t.Errorf("selector is %v", got)
	}
	for i, want := range []struct {
		name string
		port int32
	}{{"http", 300}, {"admin", 301}} {
		port := web.Spec.Ports[i]
		if port.Name != want.name || port.Port != want.port || port.TargetPort.StrVal != want.name || port.NodePort < 30086 {
			t.Errorf("port %d is %+v", i, port)
		}
	}
	if manager := web.ManagedFields[0].Manager; manager != "kubectl-nodeport" {
		t.Errorf("the fields are managed by %q", manager)
	}
}

func TestCreateRefusesANodePortThatIsTaken(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	c.Apply(t, u.namespace, manifest("holder", "[{port: 80, nodePort: 30040}]"))
	c.Apply(t, u.namespace, strings.Replace(manifest("balancer", "[{port: 80, nodePort: 30041}]"),
		"type: NodePort", "type: LoadBalancer\n  externalTrafficPolicy: Local\n  healthCheckNodePort: 30042", 1))

	tests := map[string]struct{ port, holder string }{
		"by a NodePort service":      {"30040", "holder"},
		"by a LoadBalancer service":  {"30041", "balancer"},
		"by a LoadBalancer's health": {"30042", "balancer"},
		"named with its namespace":   {"30040", u.namespace + "/holder"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u.fails(u.run("create", "deploy/web", "--port", test.port+":80:300"), "node port "+test.port, "already taken", test.holder)
			if service(t, c, u.namespace, "web") != nil {
				t.Error("the service was created all the same")
			}
		})
	}
}

func TestCreateKnowsTheRangeOfTheAPIServer(t *testing.T) {
	tests := map[string]struct {
		options     []rig.Option
		good, wrong string
		told        string
	}{
		"the default range": {nil, "30000", "29999", "30000-32767"},
		"another range":     {[]rig.Option{rig.NodePortRange("20000-22767")}, "20000", "30033", "20000-22767"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := rig.StartAPI(t, test.options...)
			u := admin(t, c)
			c.Apply(t, u.namespace, deployment)
			u.fails(u.run("create", "deploy/web", "--port", test.wrong+":80:300"), test.told)
			u.fails(u.run("create", "deploy/web", "--dry-run=server", "--port", test.wrong+":80:300"), test.told)
			services, err := c.Core().Services(u.namespace).List(t.Context(), metav1.ListOptions{})
			if err != nil || len(services.Items) != 0 {
				t.Errorf("learning the range left %d services behind (%v)", len(services.Items), err)
			}
			u.succeeds(u.run("create", "deploy/web", "--wait=false", "--port", test.good+":80:300"))
		})
	}
}

func TestServerDryRunKeepsNothingAndShowsNoInventedNodePort(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	r := u.succeeds(u.run("create", "deploy/web", "--dry-run=server", "-o", "yaml"))
	if strings.Contains(r.out, "nodePort") || strings.Contains(r.out, "clusterIP") {
		t.Errorf("a node port or cluster IP is shown that will not be given:\n%s", r.out)
	}
	if !strings.Contains(r.out, "type: NodePort") {
		t.Errorf("this is no service:\n%s", r.out)
	}
	if service(t, c, u.namespace, "web") != nil {
		t.Error("the service was created")
	}
}

func TestCreateWaitsForReadyEndpointsAndShowsTheAddresses(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	node(t, c, "wait-1", "127.0.0.4")
	pod(t, c, u.namespace, "web", "wait-1", "10.2.1.7", false)
	done := make(chan result)
	go func() { done <- u.run("create", "web", "--port", "80:300") }()
	rig.Eventually(t, waitLimit, func() error { return exists(t, c, u.namespace, "web") })
	select {
	case r := <-done:
		t.Fatalf("it did not wait: %+v", r)
	default:
	}
	setReady(t, c, u.namespace, "web", "10.2.1.7", true)
	r := u.succeeds(<-done)
	for _, want := range []string{"service/web created", "1/1", "http://127.0.0.4:"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is not in:\n%s", want, r.out)
		}
	}
}

func TestTheEndOfAWaitLeavesTheServiceAndSaysSo(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	node(t, c, "end-1", "127.0.0.4")
	pod(t, c, u.namespace, "web", "end-1", "10.2.1.7", false)

	t.Run("by its time-out", func(t *testing.T) {
		r := u.run("create", "web", "--name=late", "--port=80:300", "--timeout=1s")
		u.fails(r, "timed out after 1s", "late", "0 of 1", "not ready")
		if service(t, c, u.namespace, "late") == nil {
			t.Error("the service is gone")
		}
	})
	t.Run("by an interrupt", func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		done := make(chan result)
		go func() { done <- u.runWith(ctx, "", "create", "web", "--name=cut", "--port=80:300") }()
		rig.Eventually(t, waitLimit, func() error { return exists(t, c, u.namespace, "cut") })
		interrupt()
		if r := <-done; r.code != 130 || !strings.Contains(r.err, "service cut exists") {
			t.Errorf("exit code %d, told:\n%s", r.code, r.err)
		}
		if service(t, c, u.namespace, "cut") == nil {
			t.Error("the service is gone")
		}
	})
}

func TestAServiceThatExistsAlreadyIsNotTouched(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	u.succeeds(u.run("create", "deploy/web", "--wait=false", "--port=80:300"))
	before := service(t, c, u.namespace, "web")
	u.fails(u.run("create", "deploy/web", "--wait=false", "--port=81:300"), "already exists")
	same := fmt.Sprintf("--port=%d:80:300", before.Spec.Ports[0].NodePort)
	u.fails(u.run("create", "deploy/web", "--wait=false", same), "already exists")
	u.succeeds(u.run("create", "deploy/web", "--dry-run=client", "-o", "yaml")) // for kubectl apply, again and again
	if after := service(t, c, u.namespace, "web"); after.ResourceVersion != before.ResourceVersion {
		t.Error("the service was changed")
	}
}

func TestCreateSaysWhatIsMeantByANameThatIsNoPod(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	u.fails(u.run("create", "web"), `pod "web" not found`, "did you mean deployment/web?")
}

func TestCreateOfSeveralServicesIsAllOrNothing(t *testing.T) {
	c := rig.StartAPI(t)
	other := strings.ReplaceAll(deployment, "web", "other")
	tests := map[string]struct {
		manifests string
		flags     []string
		told      string
	}{
		"when they want the same node port": {deployment + "---" + other, []string{"--port=30073:80:300"}, "30073"},
		"when two have the same name":       {deployment + "---" + strings.Replace(deployment, "kind: Deployment", "kind: StatefulSet", 1), nil, "both give service"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u := admin(t, c)
			u.fails(u.runWith(t.Context(), test.manifests, append([]string{"create", "-f", "-", "--wait=false"}, test.flags...)...), test.told)
			if service(t, c, u.namespace, "web") != nil {
				t.Error("one of them was created")
			}
		})
	}
}

func TestAServiceMayComeBeforeItsPods(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, strings.ReplaceAll(deployment, "web", "other")) // so that there is something to compare with
	u.succeeds(u.runWith(t.Context(), deployment, "create", "-f", "-"))
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: late, labels: {app: late}}\nspec: {containers: [{name: a, image: a}]}\n---"
	u.succeeds(u.runWith(t.Context(), pod+strings.Replace(manifest("late", "[{port: 80}]"), "app: web", "app: late", 1), "apply", "-f", "-"))
}

func TestDNSPortsOfTwoProtocolsShareANodePort(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	u.succeeds(u.run("create", "deploy/web", "--wait=false", "--port=dns=30053:53:300/UDP", "--port=dns-tcp=30053:53:300/TCP"))
	for _, port := range service(t, c, u.namespace, "web").Spec.Ports {
		if port.NodePort != 30053 {
			t.Errorf("port %s/%s has node port %d", port.Name, port.Protocol, port.NodePort)
		}
	}
}

func exists(t *testing.T, c *rig.Cluster, namespace, name string) error {
	_, err := c.Core().Services(namespace).Get(t.Context(), name, metav1.GetOptions{})
	return err
}

func TestCreateWithoutWaitingTellsTheNodePort(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	r := u.succeeds(u.run("create", "deploy/web", "--port=80:300", "--wait=false"))
	given := service(t, c, u.namespace, "web").Spec.Ports[0].NodePort
	if want := fmt.Sprintf("%d → 80 → 300/TCP", given); !strings.Contains(r.out, want) {
		t.Errorf("%q is not in:\n%s", want, r.out)
	}
	if r := u.succeeds(u.run("create", "deploy/web", "--name=named", "--wait=false", "-o", "name")); r.out != "service/named\n" {
		t.Errorf("for a script it wrote %q", r.out)
	}
	u.fails(u.run("create", "deploy/wbe"), `did you mean "web"?`)
}
