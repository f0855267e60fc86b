package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// scenario is what happens to a service, and what its clients meet meanwhile.
type scenario struct {
	name string
	play func(*scene)
}

// scenarios are those of Kubernetes' own tests of node ports: test/e2e/network
// has them in service.go, networking.go and conntrack.go.
func scenarios() []scenario {
	return []scenario{
		{"a node port answers on every node, where pods are and where none is", answersOnEveryNode},
		{"a node port answers the nodes themselves", answersNodes},
		{"a node port that is given another number closes and opens there", changesNumber},
		{"a node port closes when the service becomes one of type ClusterIP, and opens again", becomesClusterIP},
		{"a node port closes when the service becomes one of type ExternalName, and opens again", becomesExternalName},
		{"the same number serves TCP and UDP", sameNumber},
		{"services with one selector lead to the same pods", oneSelector},
		{"affinity keeps clients at a pod while it is on", affinity},
		{"affinity forgets clients that were silent for its timeout", affinityTimesOut},
		{"without endpoints clients are refused, with either policy", noEndpoints},
		{"a pod that does not listen is no reason to go elsewhere", notListening},
		{"a pod that is not ready gets clients only when it is published so", notReady},
		{"a pod that becomes unready gets no clients until it is ready", becomesUnready},
		{"pods that end serve clients while no other is ready", terminatingCluster},
		{"with Local a pod that ends serves its node's clients while none is ready there", terminatingLocal},
		{"with Local the nodes without a pod are silent", localDrops},
		{"health checks tell load balancers where the pods are", healthCheck},
		{"pods see the address of a node, and with Local the client's", sourceAddress},
		{"a UDP flow moves on when its pod is replaced", flowFollowsPod},
		{"a UDP flow that was refused is served when a pod gets ready", flowGetsServed},
		{"a UDP flow follows the target port", flowFollowsTargetPort},
		{"a UDP flow that is older than its node port is served when that opens", flowIsOlder},
		{"large requests come back whole", largeRequests},
		{"a pod reaches itself through its node's node port", hairpin},
	}
}

func answersOnEveryNode(s *scene) {
	s.meets(s.service("app=echo").doors(), "a", "b")
	s.meets(s.service("pod=a").doors(), "a")
}

func answersNodes(s *scene) {
	all := s.service("app=echo").doors()
	for _, from := range s.cluster.Nodes() {
		s.meetsFrom(from.Host, all, "a", "b")
	}
}

func changesNumber(s *scene) {
	svc := s.service("app=echo")
	before := svc.doors()
	s.meets(before, "a", "b")
	after := svc.change(`{"ports": [
		{"name": "tcp", "protocol": "TCP", "port": 82, "targetPort": 7, "nodePort": 30081},
		{"name": "udp", "protocol": "UDP", "port": 82, "targetPort": 7, "nodePort": 30081}]}`)
	s.meets(after, "a", "b")
	s.meets(before, refused)
}

func becomesClusterIP(s *scene) {
	svc := s.service("app=echo")
	before := svc.doors()
	s.meets(before, "a", "b")
	svc.change(`{"type": "ClusterIP"}`)
	s.meets(before, refused)
	s.meets(svc.change(`{"type": "NodePort"}`), "a", "b")
}

func becomesExternalName(s *scene) {
	svc := s.service("app=echo")
	before := svc.doors()
	s.meets(before, "a", "b")
	svc.change(`{"type": "ExternalName", "externalName": "echo.example"}`)
	s.meets(before, refused)
	s.meets(svc.change(`{"type": "NodePort", "externalName": null}`), "a", "b")
}

func sameNumber(s *scene) {
	svc := s.service("app=echo", func(spec *corev1.ServiceSpec) {
		spec.Ports = spec.Ports[:1]
		spec.Ports[0].NodePort = 30082
	})
	s.meets(svc.doors(), "a", "b")
	udp := doors{{"udp", s.node(1), 30082}, {"udp", s.node(2), 30082}}
	s.meets(udp, refused)
	both := svc.change(`{"ports": [
		{"name": "tcp", "protocol": "TCP", "port": 82, "targetPort": 7, "nodePort": 30082},
		{"name": "udp", "protocol": "UDP", "port": 82, "targetPort": 7, "nodePort": 30082}]}`)
	s.meets(both, "a", "b")
	svc.change(`{"ports": [{"name": "udp", "protocol": "UDP", "port": 82, "targetPort": 7, "nodePort": 30082}]}`)
	s.meets(both.over("tcp"), refused)
	s.meets(udp, "a", "b")
}

func oneSelector(s *scene) {
	for range 3 {
		s.meets(s.service("app=echo").doors(), "a", "b")
	}
}

func affinity(s *scene) {
	svc := s.service("app=echo")
	s.meets(svc.doors(), "a", "b")
	s.sticks(svc.change(`{"sessionAffinity": "ClientIP"}`))
	s.meets(svc.change(`{"sessionAffinity": "None"}`), "a", "b")
}

func noEndpoints(s *scene) {
	s.meets(s.service("app=none").doors(), refused)
	s.meets(s.service("app=none", local).doors(), refused)
}

// notListening is where the engine differs: it has taken a connection before it
// knows, and it cannot send ICMP.
func notListening(s *scene) {
	s.pods(pod{name: "hears", node: 1, app: "hears"}, pod{name: "deaf", node: 2, app: "hears", deaf: true})
	if out, err := s.inPod("deaf", s.node(2), "sh", "-c", refuseAlways); err != nil {
		s.Fatalf("%v: %s", err, out)
	}
	all := s.service("app=hears").doors()
	s.meets(all.over("tcp"), "hears", s.either(refused, cut))
	s.meets(all.over("udp"), "hears", s.either(refused, timedOut))
}

func notReady(s *scene) {
	s.pods(pod{name: "not-ready", node: 1, app: "not-ready", unready: true})
	svc := s.service("app=not-ready")
	s.meets(svc.doors(), refused)
	s.meets(svc.change(`{"publishNotReadyAddresses": true}`), "not-ready")
	s.meets(svc.change(`{"publishNotReadyAddresses": false}`), refused)
}

func becomesUnready(s *scene) {
	s.pods(pod{name: "steady", node: 1, app: "ready"}, pod{name: "moody", node: 2, app: "ready", probed: true})
	all := s.service("app=ready").doors()
	s.meets(all, "steady", "moody")
	s.tell("moody", "unready")
	s.meets(all, "steady")
	s.tell("moody", "ready")
	s.meets(all, "steady", "moody")
}

func terminatingCluster(s *scene) {
	s.pods(pod{name: "ends", node: 1, app: "ends", lameDuck: true}, pod{name: "stays", node: 2, app: "ends", lameDuck: true})
	all := s.service("app=ends").doors()
	s.meets(all, "ends", "stays")
	s.end("ends", false)
	s.meets(all, "stays")
	s.end("stays", false)
	s.meets(all, "ends", "stays")
	s.end("stays", true)
	s.meets(all, "ends")
	s.end("ends", true)
	s.meets(all, refused)
}

func terminatingLocal(s *scene) {
	s.pods(pod{name: "ends-here", node: 1, app: "ends-here", lameDuck: true}, pod{name: "stays-there", node: 2, app: "ends-here"})
	all := s.service("app=ends-here", local).doors()
	s.meets(all.on(s.node(1)), "ends-here")
	s.meets(all.on(s.node(2)), "stays-there")
	s.end("ends-here", false)
	s.awaitTerminating("ends-here")
	s.meets(all.on(s.node(1)), "ends-here")
	s.meets(all.on(s.node(2)), "stays-there")
	s.end("ends-here", true)
	s.meets(all.on(s.node(1)), timedOut)
	s.meets(all.on(s.node(2)), "stays-there")
}

func localDrops(s *scene) {
	svc := s.service("pod=a", local)
	s.meets(svc.doors().on(s.node(1)), "a")
	s.meets(svc.doors().on(s.node(2)), timedOut)
	s.meets(svc.change(`{"externalTrafficPolicy": "Cluster"}`), "a")
}

func healthCheck(s *scene) {
	svc := s.service("pod=a", local, func(spec *corev1.ServiceSpec) {
		spec.Type = corev1.ServiceTypeLoadBalancer
		spec.Ports = spec.Ports[:1] // a load balancer's ports are of one protocol
	})
	for k, want := range map[int]int{1: http.StatusOK, 2: http.StatusServiceUnavailable} {
		d := door{node: s.node(k), port: svc.Spec.HealthCheckNodePort}
		s.each(doors{d}, func(d door) func() error {
			return func() error {
				resp, err := s.cluster.Client().HTTPClient().Get("http://" + d.address())
				if err != nil {
					return err
				}
				defer resp.Body.Close()
				if resp.StatusCode != want {
					return fmt.Errorf("%s answers %s, and not %d", d.address(), resp.Status, want)
				}
				return nil
			}
		})
	}
}

// sourceAddress is where the engine differs: it cannot send from an address
// that is not its machine's.
func sourceAddress(s *scene) {
	svc := s.service("pod=a")
	bridge, client := "10.2.1.1", s.cluster.Client().Addr().String()
	s.sees(svc.doors().on(s.node(1)), bridge)
	s.sees(svc.doors().on(s.node(2)), s.node(2).Addr().String())
	s.sees(svc.change(`{"externalTrafficPolicy": "Local"}`).on(s.node(1)), s.either(client, bridge))
}

// sees waits until the pod behind doors sees clients come from an address.
func (s *scene) sees(all doors, address string) {
	s.Helper()
	s.each(all, func(d door) func() error {
		return func() error {
			who, client := once(s.Context(), s.cluster.Client(), d)
			if !strings.HasPrefix(client, address+":") {
				return fmt.Errorf("at %s one meets %s, which sees %q, and not %s", d, who, client, address)
			}
			return nil
		}
	})
}

func largeRequests(s *scene) {
	all := s.service("app=echo").doors()
	s.echoes(all.over("tcp"), 1<<20)
	s.echoes(all.over("udp"), 8<<10)
}

func hairpin(s *scene) {
	d := s.service("pod=a", to(300)).doors().over("tcp").on(s.node(1))
	s.each(d, func(d door) func() error {
		return func() error {
			out, err := s.inPod("a", d.node, "curl", "--silent", "--show-error", "--max-time", "2", "http://"+d.address())
			if err == nil && !strings.HasPrefix(out, "pod a ") {
				err = errors.New("that is another")
			}
			if err != nil {
				return fmt.Errorf("pod a gets %q of itself through %s: %w", out, d, err)
			}
			return nil
		}
	})
}
