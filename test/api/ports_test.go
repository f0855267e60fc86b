package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// portList is what the tests read of -o json.
type portList struct {
	Range struct {
		First, Last int32
		Assumed     bool
	}
	Ports []struct {
		NodePort       int32
		Band           string
		Free, Collides bool
		Holders        []struct{ Kind, Namespace, Name, For, Port, Protocol string }
	}
}

func (l portList) of(port int32) string {
	for _, p := range l.Ports {
		if p.NodePort == port {
			var who []string
			for _, h := range p.Holders {
				who = append(who, strings.Join([]string{h.Kind, h.Namespace, h.Name, h.For, h.Port, h.Protocol}, " "))
			}
			return fmt.Sprintf("%s collides=%t: %s", p.Band, p.Collides, strings.Join(who, "; "))
		}
	}
	return ""
}

// portsOf runs ports with arguments and reads its JSON.
func (u user) portsOf(args ...string) (l portList, told string) {
	u.t.Helper()
	r := u.succeeds(u.run(append([]string{"ports", "-o", "json"}, args...)...))
	if err := json.Unmarshal([]byte(r.out), &l); err != nil {
		u.t.Fatalf("%v in:\n%s", err, r.out)
	}
	return l, r.err
}

const hostPod = `
apiVersion: v1
kind: Pod
metadata: {name: edge}
spec:
  containers:
  - {name: c, image: c, ports: [{containerPort: 80, hostPort: 20033}, {containerPort: 53, hostPort: 20034, protocol: UDP}]}
`

const networkPod = `
apiVersion: v1
kind: Pod
metadata: {name: net}
spec: {hostNetwork: true, containers: [{name: c, image: c, ports: [{containerPort: 22000}]}]}
`

func TestPortsTellsWhoHasThePortsOfARangeOfItsOwn(t *testing.T) {
	c := rig.StartAPI(t, rig.NodePortRange("20000-22767"))
	u := admin(t, c)
	c.Apply(t, u.namespace, manifest("web", "[{name: http, port: 80, nodePort: 20033}, {name: udp, port: 81, nodePort: 20034}]"))
	c.Apply(t, u.namespace, strings.NewReplacer("NodePort", "LoadBalancer\n  externalTrafficPolicy: Local\n  healthCheckNodePort: 22001").
		Replace(manifest("lb", "[{name: http, port: 80, nodePort: 22002}]")))
	c.Apply(t, u.namespace, hostPod)
	c.Apply(t, u.namespace, networkPod)

	l, _ := u.portsOf()
	if l.Range.First != 20000 || l.Range.Last != 22767 || l.Range.Assumed {
		t.Errorf("the range is %+v", l.Range)
	}
	for port, want := range map[int32]string{
		20033: "static collides=true: Service NS web node port http TCP; Pod NS edge host port  TCP",
		20034: "static collides=false: Service NS web node port udp TCP; Pod NS edge host port  UDP",
		22000: "dynamic collides=false: Pod NS net host network  TCP",
		22001: "dynamic collides=false: Service NS lb health check  TCP",
		22002: "dynamic collides=false: Service NS lb node port http TCP",
	} {
		if got := strings.ReplaceAll(l.of(port), u.namespace, "NS"); got != want {
			t.Errorf("%d is\n  %s, want\n  %s", port, got, want)
		}
	}
	r := u.succeeds(u.run("ports", "20033", "20035", "30033"))
	for _, want := range []string{
		"20033 is taken by service " + u.namespace + "/web, port http/TCP and pod " + u.namespace + "/edge, host port for TCP",
		"20035 is free, in the static band 20000-20085",
		"30033 is out of the node port range 20000-22767",
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is not told in:\n%s", want, r.out)
		}
	}
}

func TestAPortThatIsSaidToBeFreeCanBeHad(t *testing.T) {
	c := rig.StartAPI(t, rig.NodePortRange("20000-22767"))
	u := admin(t, c)
	c.Apply(t, u.namespace, manifest("first", "[{port: 80, nodePort: 20000}]"))
	r := u.succeeds(u.run("ports", "--free", "2"))
	free := strings.Fields(r.out)
	if len(free) != 2 || free[0] == "20000" {
		t.Fatalf("free are %q", free)
	}
	suggested := strings.TrimSpace(u.succeeds(u.run("ports", "--suggest", "web")).out)
	if again := strings.TrimSpace(u.succeeds(u.run("ports", "--suggest", "web")).out); again != suggested {
		t.Errorf("suggested are %s and %s", suggested, again)
	}
	for i, port := range append(free, suggested) {
		if i > 0 && port == free[0] {
			continue
		}
		c.Apply(t, u.namespace, manifest(fmt.Sprintf("s%d", i), fmt.Sprintf("[{port: 80, nodePort: %s}]", port)))
	}
	if now := strings.TrimSpace(u.succeeds(u.run("ports", "--suggest", "web")).out); now == suggested {
		t.Errorf("%s is suggested although it was given away", now)
	}
}

func TestPortsTellsUsersOfOneNamespaceWhatTheyMaySee(t *testing.T) {
	c := rig.StartAPI(t)
	u, other := admin(t, c), admin(t, c)
	c.Apply(t, u.namespace, manifest("web", "[{port: 80, nodePort: 30061}]"))
	c.Apply(t, other.namespace, manifest("web", "[{port: 80, nodePort: 30062}]"))
	services := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"list"}}
	limited := u
	limited.kubeconfig = c.UserIn(t, u.namespace, "lister", services)
	var r result
	rig.Eventually(t, waitLimit, func() error {
		if r = limited.run("ports"); r.code != 0 {
			return fmt.Errorf("exit code %d: %s", r.code, r.err)
		}
		return nil
	})
	if !strings.Contains(r.out, "30061") || strings.Contains(r.out, "30062") {
		t.Errorf("listed:\n%s", r.out)
	}
	for _, want := range []string{
		"only the services of namespace " + u.namespace + " are known, so a port that seems free may be taken",
		"only the host ports of pods in namespace " + u.namespace + " are known",
		"host ports are not known",
		"the node port range 30000-32767 is assumed",
	} {
		if !strings.Contains(r.err, want) {
			t.Errorf("%q is not told in:\n%s", want, r.err)
		}
	}
	stranger := u
	stranger.kubeconfig = c.User(t, "stranger-to-ports")
	stranger.fails(stranger.run("ports"), "cannot list services", "rbac.yaml")
}
