package manifest_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// placed writes pods as "NAME on NODE at IP" with what is unusual of them.
func placed(s *snapshot.Snapshot) string {
	var lines []string
	for _, pod := range s.Pods {
		line := pod.Name
		if pod.Spec.NodeName != "" {
			line += " on " + pod.Spec.NodeName
		}
		for _, ip := range pod.Status.PodIPs {
			line += " at " + ip.IP
		}
		if pod.Status.Phase != corev1.PodRunning {
			line += " " + string(pod.Status.Phase)
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status != corev1.ConditionTrue {
				line += " not ready"
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, ", ")
}

func TestPodsRun(t *testing.T) {
	withSpec := func(name, spec string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\nspec: {" + spec + "}\n---\n"
	}
	three := workload("apps/v1", "Deployment", "web", "replicas: 3") + "---\n"
	notReady := "apiVersion: v1\nkind: Node\nmetadata: {name: n9}\nstatus: {conditions: [{type: Ready, status: 'False'}]}\n---\n"
	dual := strings.Replace(node("n1", ""), "}]}", "}, {type: InternalIP, address: 'fd00::1'}]}", 1)
	tests := []struct{ name, text, want string }{
		{"without nodes nowhere in particular", pod("a"), "a at 10.2.0.7"},
		{"in turn on the nodes", three + node("n1", "") + node("n2", ""), "web-1 on n1 at 10.2.1.7, web-2 on n2 at 10.2.2.7, web-3 on n1 at 10.2.1.8"},
		{"not on a cordoned node", three + node("n1", "unschedulable: true") + node("n2", ""), "web-1 on n2 at 10.2.2.7, web-2 on n2 at 10.2.2.8, web-3 on n2 at 10.2.2.9"},
		{"not on a node that is not ready", pod("a") + "---\n" + notReady + node("n2", ""), "a on n2 at 10.2.2.7"},
		{"not on a tainted node", pod("a") + "---\n" + node("n1", "taints: [{key: special, effect: NoSchedule}]") + node("n2", ""), "a on n2 at 10.2.2.7"},
		{
			"unless they tolerate it",
			withSpec("a", "tolerations: [{key: special, operator: Exists}]") + node("n1", "taints: [{key: special, value: x, effect: NoSchedule}]"),
			"a on n1 at 10.2.1.7",
		},
		{"on a node that would rather not", pod("a") + "---\n" + node("n1", "taints: [{key: special, effect: PreferNoSchedule}]"), "a on n1 at 10.2.1.7"},
		{"on the node that they select", withSpec("a", "nodeSelector: {disk: n2}") + node("n1", "") + node("n2", ""), "a on n2 at 10.2.2.7"},
		{"on the node that they name, cordoned or not", withSpec("a", "nodeName: n1") + node("n1", "unschedulable: true"), "a on n1 at 10.2.1.7"},
		{"on a named node of which there is no manifest", withSpec("a", "nodeName: n7"), "a on n7 at 10.2.0.7"},
		{"not where no node takes them", withSpec("a", "nodeSelector: {disk: n2}") + node("n1", ""), "a Pending"},
		{"not ready on a node that is not", withSpec("a", "nodeName: n9") + notReady, "a on n9 at 10.2.1.7 not ready"},
		{"on the host's network with the node's address", withSpec("a", "hostNetwork: true") + node("n1", ""), "a on n1 at 10.1.11.1"},
		{"with addresses of both families", pod("a") + "---\n" + dual, "a on n1 at 10.2.1.7 at fd00:10:2::107"},
		{
			"as they are when they have a status",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {nodeName: n1}\nstatus: {phase: Failed}\n---\n" + node("n1", ""), "a on n1 Failed",
		},
		{
			"beside those that have an address already",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {nodeName: n1}\nstatus: {phase: Running, podIPs: [{ip: 10.2.1.7}]}\n---\n" + withSpec("b", "") + node("n1", ""),
			"a on n1 at 10.2.1.7, b on n1 at 10.2.1.8",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := placed(cluster(t, test.text)); got != test.want {
				t.Errorf("pods are\n%s, want\n%s", got, test.want)
			}
		})
	}
}

func TestMorePodsOnANodeThanItsAddresses(t *testing.T) {
	s := cluster(t, node("n1", "")+workload("apps/v1", "Deployment", "web", "replicas: 600"))
	seen := make(map[string]bool)
	for _, pod := range s.Pods {
		if seen[pod.Status.PodIP] || pod.Status.PodIP == "" {
			t.Fatalf("%s has the address %q again", pod.Name, pod.Status.PodIP)
		}
		seen[pod.Status.PodIP] = true
	}
}
