package cluster

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// apiServer returns a pod of a kube-apiserver with these arguments.
func apiServer(words ...string) corev1.Pod {
	return corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Command: []string{"kube-apiserver"}, Args: words}}}}
}

func TestRangeOfPods(t *testing.T) {
	const flag = "--service-node-port-range"
	for _, test := range []struct {
		name    string
		pods    []corev1.Pod
		want    string
		learned bool
	}{
		{"no flag", []corev1.Pod{apiServer("--v=2")}, "30000-32767", true},
		{"flag=value", []corev1.Pod{apiServer(flag + "=20000-22767")}, "20000-22767", true},
		{"flag and value", []corev1.Pod{apiServer("--v", "2", flag, "20000-22767", "--v=3")}, "20000-22767", true},
		{"first port and offset", []corev1.Pod{apiServer(flag + "=20000+2767")}, "20000-22767", true},
		{"the last of several", []corev1.Pod{apiServer(flag+"=1-2", flag+"=20000-22767")}, "20000-22767", true},
		{"a variable", []corev1.Pod{apiServer(flag + "=$(RANGE)")}, "30000-32767", false},
		{"no value", []corev1.Pod{apiServer(flag)}, "30000-32767", false},
		{"inside a shell script", []corev1.Pod{apiServer("-c", "exec kube-apiserver "+flag+"=20000-22767 --v=2")}, "30000-32767", false},
		{"two servers that agree", []corev1.Pod{apiServer(flag, "20000+2767"), apiServer(flag + "=20000-22767")}, "20000-22767", true},
		{"two servers that differ", []corev1.Pod{apiServer(), apiServer(flag + "=20000-22767")}, "30000-32767", false},
		{"the second is not known", []corev1.Pod{apiServer(), apiServer(flag + "=$(RANGE)")}, "30000-32767", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if r := rangeOfPods(test.pods); r.String() != test.want || r.Learned != test.learned {
				t.Errorf("got %s, learned %t, want %s, %t", r, r.Learned, test.want, test.learned)
			}
		})
	}
}
