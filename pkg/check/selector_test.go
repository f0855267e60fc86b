package check

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// labelled gives a pod more labels.
func labelled(pairs ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		for i := 0; i < len(pairs); i += 2 {
			p.Labels[pairs[i]] = pairs[i+1]
		}
	}
}

func image(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Image = name }
}

func declaringNothing(p *corev1.Pod) { p.Spec.Containers[0].Ports = nil }

func selectorCases() []ruleCase {
	blank := func(w *snapshot.Workload) { w.Replicas = 0 }
	canary := []func(*corev1.Pod){of("web-canary"), labelled("app", "web", "track", "canary")}
	version := func(tag string) []func(*corev1.Pod) { return append(canary, image("example.com/web:"+tag)) }
	worker := []func(*corev1.Pod){of("worker"), labelled("app", "web", "component", "worker"), image("example.com/web:1")}
	server := labelled("component", "server")
	return []ruleCase{{
		id: "NP201", name: "a pod is matched", service: service(),
	}, {
		id: "NP201", name: "no pod is matched", service: selecting(map[string]string{"app": "search"}),
		want: []string{"error spec.selector: selector app=search matches no pod in namespace shop"},
		fix:  "compare with the labels of the pods: kubectl get pods -n shop --show-labels",
	}, {
		id: "NP201", name: "there are no pods at all", service: service(), in: []any{node("n1")},
		want: []string{"warning spec.selector: selector app=web matches no pod in namespace shop: there is none yet"},
	}, {
		id: "NP201", name: "the pods could not be read", service: service(),
		in: []any{node("n1"), snapshot.Gap{Resource: "pods", Err: errors.New("forbidden")}},
	}, {
		id: "NP201", name: "the pods of another namespace could not be read", service: selecting(map[string]string{"app": "search"}),
		in:   around(snapshot.Gap{Resource: "pods", Namespace: "ops", Err: errors.New("forbidden")}),
		want: []string{"error spec.selector: selector app=search matches no pod in namespace shop"},
	}, {
		id: "NP201", name: "no selector", service: selecting(nil),
	}, {
		id: "NP202", name: "a workload with pods", service: service(), in: around(deployment()),
	}, {
		id: "NP202", name: "manifests that were not expanded to pods", service: service(), in: []any{deployment()},
	}, {
		id: "NP202", name: "a workload scaled to zero", service: service(), in: []any{deployment(blank)},
		want: []string{"warning Deployment/shop/web: Deployment web, which the selector matches, is scaled to 0 replicas"},
		fix:  "kubectl scale deployment/web -n shop --replicas=1",
	}, {
		id: "NP202", name: "a workload without the pods that it wants", service: service(), in: []any{deployment(), pod(of("cart"))},
		want: []string{"warning Deployment/shop/web: Deployment web, which the selector matches, has no pods yet"},
	}, {
		id: "NP203", name: "pods of one workload", service: service(), in: around(pod(func(p *corev1.Pod) { p.Name = "web-2" })),
	}, {
		id: "NP203", name: "stable and canary of one application", service: service(), in: around(pod(version("2")...)),
	}, {
		id: "NP203", name: "blue and green with other ports and the same image", service: service(),
		in: around(pod(append(version("2"), func(p *corev1.Pod) { p.Spec.Containers[0].Ports[0].ContainerPort = 301 })...)),
	}, {
		id: "NP203", name: "two images that serve the same port", service: service(), in: around(pod(append(canary, image("example.com/next"))...)),
	}, {
		id: "NP203", name: "primary and replica of one database", service: service(),
		in: []any{pod(labelled("role", "primary")), pod(append(version("1"), labelled("role", "replica"))...)},
	}, {
		id: "NP203", name: "two applications with a label in common", service: selecting(map[string]string{"tier": "shop"}),
		in: []any{pod(labelled("tier", "shop")), pod(of("cart"), labelled("tier", "shop"))},
		want: []string{"warning spec.selector: selector tier=shop matches pods of different applications: Deployment cart and Deployment web, " +
			"which differ in label app: cart and web"},
		fix: `set spec.selector to {"app":"cart","tier":"shop"}`,
	}, {
		id: "NP203", name: "server and worker of one image", service: service(), in: []any{pod(server), pod(append(worker, declaringNothing)...)},
		want: []string{"warning spec.selector: selector app=web matches pods of different applications: Deployment web and Deployment worker, " +
			"which differ in label component: server and worker"},
	}, {
		id: "NP203", name: "another image on another port", service: service(),
		in: around(pod(of("db"), labelled("app", "web"), func(p *corev1.Pod) { p.Spec.Containers[0].Ports[0].ContainerPort = 5432 })),
		want: []string{"warning spec.selector: selector app=web matches pods of different applications: Deployment db and Deployment web, " +
			"of which only one declares target port 300"},
	}, {
		id: "NP204", name: "labels of people", service: service(),
	}, {
		id: "NP204", name: "the hash of a template", service: selecting(map[string]string{"app": "web", "pod-template-hash": "6c9f7d8b54"}),
		want: []string{"warning spec.selector: selector holds pod-template-hash, which changes with the next rollout"},
		fix:  `set spec.selector to {"app":"web"}`,
	}, {
		id: "NP204", name: "one pod of a StatefulSet", service: selecting(map[string]string{"statefulset.kubernetes.io/pod-name": "web-0"}),
	}}
}

func TestStrangers(t *testing.T) {
	web := snapshot.Ref{Kind: "Deployment", Namespace: "shop", Name: "web"}
	canary := pod(of("web-canary"), labelled("app", "web"), image("example.com/web:2"))
	bare := pod(func(p *corev1.Pod) { p.Name, p.OwnerReferences = "web-debug", nil })
	// replicated is a pod whose Deployment is known only by the names of its ReplicaSet.
	replicated := pod(labelled("pod-template-hash", "6c9f7d8b54"), func(p *corev1.Pod) {
		p.OwnerReferences[0].Kind, p.OwnerReferences[0].Name = "ReplicaSet", "web-6c9f7d8b54"
	})
	for _, test := range []struct {
		name   string
		source snapshot.Ref
		in     []any
		want   string
	}{{
		name: "only the source is matched", source: web, in: []any{pod()},
	}, {
		name: "the source is a pod, and its siblings are no strangers", source: snapshot.Ref{Kind: "Pod", Namespace: "shop", Name: "web-1"},
		in: []any{pod(), pod(func(p *corev1.Pod) { p.Name = "web-2" })},
	}, {
		name: "the source is matched through its ReplicaSet, which is not known", source: web, in: []any{replicated},
	}, {
		name: "another workload and a bare pod", source: web, in: []any{pod(), canary, bare},
		want: "selector app=web also matches pods of Deployment web-canary and Pod web-debug, besides those of Deployment web",
	}, {
		name: "another application, which is a finding already", source: web,
		in: []any{pod(labelled("component", "server")), pod(of("worker"), labelled("app", "web", "component", "worker"))},
	}} {
		t.Run(test.name, func(t *testing.T) {
			var got string
			for _, finding := range New(cluster(test.in...)).Strangers(service(), test.source) {
				got += finding.Message
				if finding.ID != strangersRule().ID || finding.Severity != Warning || finding.Stops() {
					t.Errorf("it is a finding of %s, a %s", finding.ID, finding.Severity)
				}
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
