package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// Scenarios of what is remembered from one packet to the next.

// affinityTimesOut has its client be silent for longer than the timeout, again
// and again: each time another pod may be chosen, or the same one.
func affinityTimesOut(s *scene) {
	const timeout = 2
	all := s.service("app=echo", func(spec *corev1.ServiceSpec) {
		spec.SessionAffinity = corev1.ServiceAffinityClientIP
		spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: new(int32(timeout))}}
	}).doors()
	kept := s.sticks(all)
	ctx, cancel := context.WithTimeout(s.Context(), limit)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			s.Fatalf("clients are still kept after %s", limit)
		case <-time.After((timeout + 1) * time.Second):
		}
		for _, d := range all {
			who, _ := once(ctx, s.cluster.Client(), d)
			if who != kept[d] && slices.Contains([]string{"a", "b"}, who) {
				return
			}
		}
	}
}

// flows are one from the client to each of the doors.
func (s *scene) flows(all doors) []*visit {
	s.Helper()
	var flows []*visit
	for _, d := range all {
		flows = append(flows, s.flow(d))
	}
	return flows
}

func flowFollowsPod(s *scene) {
	s.pods(pod{name: "old", node: 1, app: "cycles"})
	flows := s.flows(s.service("app=cycles").doors().over("udp"))
	s.moves(flows, "old")
	s.pods(pod{name: "new", node: 2, app: "cycles"})
	s.end("old", true)
	s.moves(flows, "new")
	s.pods(pod{name: "newest", node: 2, app: "cycles"})
	s.end("new", true)
	s.moves(flows, "newest")
}

func flowGetsServed(s *scene) {
	s.pods(pod{name: "late", node: 1, app: "late", unready: true})
	flows := s.flows(s.service("app=late").doors().over("udp"))
	s.moves(flows, refused)
	s.tell("late", "ready")
	s.moves(flows, "late")
}

func flowIsOlder(s *scene) {
	const port = 30083
	flows := s.flows(doors{{"udp", s.node(1), port}, {"udp", s.node(2), port}})
	s.moves(flows, refused)
	s.service("pod=a", func(spec *corev1.ServiceSpec) {
		spec.Ports = spec.Ports[1:]
		spec.Ports[0].NodePort = port
	})
	s.moves(flows, "a")
}

func flowFollowsTargetPort(s *scene) {
	svc := s.service("pod=a")
	flows := s.flows(svc.doors().over("udp"))
	s.moves(flows, "a")
	svc.change(fmt.Sprintf(udpTo, svc.udpPort(), 9))
	s.moves(flows, s.either(refused, timedOut))
	svc.change(fmt.Sprintf(udpTo, svc.udpPort(), 7))
	s.moves(flows, "a")
}

const udpTo = `{"ports": [{"name": "udp", "protocol": "UDP", "port": 82, "nodePort": %d, "targetPort": %d}]}`

func (v *service) udpPort() int32 { return v.doors().over("udp")[0].port }

// awaitTerminating waits until an endpoint is told to be one that ends and serves.
func (s *scene) awaitTerminating(name string) {
	s.Helper()
	rig.Eventually(s, limit, func() error {
		list, err := s.cluster.Discovery().EndpointSlices(s.namespace).List(s.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, slice := range list.Items {
			if slices.ContainsFunc(slice.Endpoints, func(e discoveryv1.Endpoint) bool {
				c := e.Conditions
				return e.TargetRef != nil && e.TargetRef.Name == name && is(c.Serving) && is(c.Terminating)
			}) {
				return nil
			}
		}
		return errors.New("no endpoint slice tells that pod " + name + " ends and serves")
	})
}

func is(condition *bool) bool { return condition != nil && *condition }
