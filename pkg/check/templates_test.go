package check

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func templateCases() []ruleCase {
	selectingPods := func(labels map[string]string) *snapshot.Workload {
		return deployment(func(w *snapshot.Workload) { w.Selector = &metav1.LabelSelector{MatchLabels: labels} })
	}
	byName := withPort(func(p *corev1.ServicePort) { p.TargetPort = intstr.FromString("http") })
	twice := func(second int32) *corev1.Pod {
		return pod(func(p *corev1.Pod) {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{
				Name: "proxy", Ports: []corev1.ContainerPort{containerPort("http", second)},
			})
		})
	}
	const refused = "error Deployment/shop/web: container web of Deployment web: "
	return []ruleCase{{
		id: "NP206", name: "a workload whose selector fits", service: service(), in: []any{deployment()},
	}, {
		id: "NP206", name: "a workload whose selector does not fit its template", service: service(),
		in: []any{selectingPods(map[string]string{"app": "wbe"})},
		want: []string{"error Deployment/shop/web spec.selector: the selector of Deployment web does not match the labels of its own " +
			"template, app=web, so the API server refuses it and there will be no pods"},
	}, {
		id: "NP206", name: "a workload without a selector", service: service(), in: []any{selectingPods(nil)},
		want: []string{"error Deployment/shop/web spec.selector: Deployment web has no selector, so the API server refuses it and there will be no pods"},
	}, {
		id: "NP217", name: "one name and one number", service: byName, in: []any{twice(300)},
	}, {
		id: "NP217", name: "one name and two numbers", service: byName, in: []any{twice(301)},
		want: []string{"warning spec.ports[0].targetPort: target port http of port http is declared by container web of Deployment web " +
			"as 300 and by container proxy as 301: only 300 gets traffic"},
	}, {
		id: "NP218", name: "ports that are right", service: service(), in: []any{pod(declaring(containerPort("http", 300), containerPort("", 301)))},
	}, {
		id: "NP218", name: "a long name", service: service(), in: []any{pod(declaring(containerPort("http-for-the-shop", 300)))},
		want: []string{refused + "http-for-the-shop cannot be the name of a port, as it has 17 characters, and only 15 are allowed, so the API server refuses its pods"},
	}, {
		id: "NP218", name: "one name twice in a container", service: service(),
		in:   []any{pod(declaring(containerPort("http", 300), containerPort("http", 301)))},
		want: []string{refused + "two ports have the name http, so the API server refuses its pods"},
	}, {
		id: "NP218", name: "no port", service: service(), in: []any{pod(declaring(containerPort("http", 0)))},
		want: []string{refused + "container port 0 is not between 1 and 65535, so the API server refuses its pods"},
	}}
}
