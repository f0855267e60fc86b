package check

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// nearestCases are about the second half of what NP201 says.
func nearestCases() []ruleCase {
	other := func(labels map[string]string) []any {
		return []any{pod(func(p *corev1.Pod) { p.Labels = labels })}
	}
	miss := func(selector, why string) []string {
		return []string{"error spec.selector: selector " + selector + " matches no pod in namespace shop: " + why}
	}
	return []ruleCase{{
		id: "NP201", name: "a slip in the value", service: selecting(map[string]string{"app": "wbe"}),
		want: miss("app=wbe", "Deployment web has app=web instead of app=wbe"),
		fix:  `set spec.selector to {"app":"web"}`,
	}, {
		id: "NP201", name: "a slip in the key", service: selecting(map[string]string{"ap": "web"}),
		want: miss("ap=web", "Deployment web has app=web instead of ap=web"),
	}, {
		id: "NP201", name: "a slip in a live service is patched", service: service(live, func(s *corev1.Service) {
			s.Spec.Selector = map[string]string{"ap": "web"}
		}),
		want: miss("ap=web", "Deployment web has app=web instead of ap=web"),
		fix:  `kubectl patch service web -n shop --type=merge -p '{"spec":{"selector":{"ap":null,"app":"web"}}}'`,
	}, {
		id: "NP201", name: "the same name under another of the usual keys", service: service(),
		in:   other(map[string]string{"app.kubernetes.io/name": "web"}),
		want: miss("app=web", "Deployment web has app.kubernetes.io/name=web instead of app=web"),
	}, {
		id: "NP201", name: "the same value under a key that means something else", service: service(),
		in:   other(map[string]string{"tenant": "web"}),
		want: []string{"error spec.selector: selector app=web matches no pod in namespace shop"},
	}, {
		id: "NP201", name: "one of two labels has another value", service: selecting(map[string]string{"app": "web", "track": "beta"}),
		in:   other(map[string]string{"app": "web", "track": "stable"}),
		want: miss("app=web,track=beta", "Deployment web has track=stable instead of track=beta"),
	}, {
		id: "NP201", name: "one of two labels is not there", service: selecting(map[string]string{"app": "web", "track": "beta"}),
		want: miss("app=web,track=beta", "Deployment web has all of it but track=beta"),
		fix:  `set spec.selector to {"app":"web"}`,
	}, {
		id: "NP201", name: "two of three labels are wrong", service: selecting(map[string]string{"app": "web", "track": "x", "tier": "y"}),
		want: []string{"error spec.selector: selector app=web,tier=y,track=x matches no pod in namespace shop"},
	}, {
		id: "NP201", name: "the nearest of several is named", service: selecting(map[string]string{"app": "webb"}),
		in:   []any{pod(of("wab")), pod()},
		want: miss("app=webb", "Deployment web has app=web instead of app=webb"),
	}, {
		id: "NP201", name: "the pods are in another namespace", service: service(),
		in:   []any{pod(func(p *corev1.Pod) { p.Namespace = "stage" })},
		want: miss("app=web", "Deployment web with these labels is in namespace stage, and a service selects only pods of its own"),
		fix:  "create the service in namespace stage",
	}, {
		id: "NP201", name: "the labels are those of the Deployment, not of its pods", service: selecting(map[string]string{"team": "blue"}),
		in:   around(deployment(func(w *snapshot.Workload) { w.Labels = map[string]string{"team": "blue"} })),
		want: miss("team=blue", "Deployment web has these labels itself, but its pods have app=web"),
		fix:  `set spec.selector to {"app":"web"}`,
	}, {
		id: "NP201", name: "the Deployment's selector and template differ", service: service(),
		in:   []any{deployment(func(w *snapshot.Workload) { w.Template.Labels = map[string]string{"app": "shop-web"} })},
		want: miss("app=web", "Deployment web selects the same labels, but its template gives its pods app=shop-web"),
		fix:  "give the template of Deployment web the labels app=web",
	}, {
		id: "NP201", name: "a ReplicaSet of the past is not what was meant", service: selecting(map[string]string{"app": "old"}),
		in: around(deployment(func(w *snapshot.Workload) {
			w.Kind, w.Labels = "ReplicaSet", map[string]string{"app": "old"}
			w.Template.Labels = map[string]string{"app": "old"}
			w.Controller = &metav1.OwnerReference{Kind: "Deployment", Name: "web"}
		})),
		want: []string{"error spec.selector: selector app=old matches no pod in namespace shop"},
	}}
}

func TestNamesThatASlipOfTheFingerTellsApartAreClose(t *testing.T) {
	for _, test := range []struct {
		a, b  string
		close bool
	}{
		{"web", "web", true},
		{"web", "wbe", true},
		{"web", "webb", true},
		{"web", "we", true},
		{"web", "wab", true},
		{"web", "cart", false},
		{"api", "app", true},
		{"name", "nmea", false},
		{"frontend", "fronted", true},
		{"frontend", "fontendd", true},
		{"frontend", "backend", false},
		{"", "web", false},
	} {
		t.Run(test.a+"/"+test.b, func(t *testing.T) {
			if got := slipped(test.a, test.b); got != test.close {
				t.Errorf("close %t, want %t", got, test.close)
			}
		})
	}
}
