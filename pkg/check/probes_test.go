package check

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func probeCases() []ruleCase {
	probing := func(set func(*corev1.Container, *corev1.Probe), port intstr.IntOrString) *corev1.Pod {
		return pod(declaring(containerPort("http", 300)), func(p *corev1.Pod) {
			set(&p.Spec.Containers[0], &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: port}}})
		})
	}
	readiness := func(c *corev1.Container, p *corev1.Probe) { c.ReadinessProbe = p }
	liveness := func(c *corev1.Container, p *corev1.Probe) { c.LivenessProbe = p }
	startup := func(c *corev1.Container, p *corev1.Probe) { c.StartupProbe = p }
	const message = "error Deployment/shop/web: a probe of container web of Deployment web is for port admin, but the container declares no " +
		"port named so: its pods never get ready"
	return []ruleCase{{
		id: "NP226", name: "a probe of a port that is declared", service: service(), in: []any{probing(readiness, intstr.FromString("http"))},
	}, {
		id: "NP226", name: "a probe of a number", service: service(), in: []any{probing(readiness, intstr.FromInt32(8080))},
	}, {
		id: "NP226", name: "a readiness probe of a port that is not declared", service: service(),
		in: []any{probing(readiness, intstr.FromString("admin"))}, want: []string{message},
		fix: "name a port of container web admin, or give the probe a number",
	}, {
		id: "NP226", name: "a startup probe of one", service: service(),
		in: []any{probing(startup, intstr.FromString("admin"))}, want: []string{message},
	}, {
		id: "NP226", name: "a liveness probe of one, which is passed over", service: service(), in: []any{probing(liveness, intstr.FromString("admin"))},
	}}
}
