package cluster

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// paging is an API server that returns two pages of pods. With expired, the
// second page has expired.
type paging struct {
	expired  bool
	requests []string
}

func (p *paging) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	limit, next := r.URL.Query().Get("limit"), r.URL.Query().Get("continue")
	p.requests = append(p.requests, limit+" "+next)
	answer := func(next string, names ...string) {
		list := corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{Continue: next}}
		for _, name := range names {
			list.Items = append(list.Items, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{"large": name}}})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(list)
	}
	switch {
	case limit == "":
		answer("", "a", "b")
	case next == "":
		answer("more", "a")
	case p.expired:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusGone)
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
			Reason: metav1.StatusReasonExpired, Code: http.StatusGone,
		})
	default:
		answer("", "b")
	}
}

func TestLeanPodsReadsPages(t *testing.T) {
	for _, test := range []struct {
		name    string
		expired bool
		want    []string
	}{
		{"all pages", false, []string{"500 ", "500 more"}},
		{"without paging after a page has expired", true, []string{"500 ", "500 more", " "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := &paging{expired: test.expired}
			listening := httptest.NewServer(server)
			defer listening.Close()
			c, err := New(&rest.Config{Host: listening.URL})
			if err != nil {
				t.Fatal(err)
			}
			pods, err := c.leanPods(t.Context(), "shop")
			if err != nil {
				t.Fatal(err)
			}
			if len(pods) != 2 || pods[0].Name != "a" || pods[1].Name != "b" || pods[1].Annotations != nil {
				t.Errorf("read %+v", pods)
			}
			if !slices.Equal(server.requests, test.want) {
				t.Errorf("requests %q, want %q", server.requests, test.want)
			}
		})
	}
}

func TestLeanKeepsFieldsThatMatterForTraffic(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}},
		Spec: corev1.PodSpec{
			NodeName: "n1", Volumes: []corev1.Volume{{Name: "data"}},
			Containers: []corev1.Container{{
				Name: "web", Ports: []corev1.ContainerPort{{ContainerPort: 300}}, Args: []string{"-http", ":300"},
				Env: []corev1.EnvVar{{Name: "HOST", Value: "0.0.0.0"}}, VolumeMounts: []corev1.VolumeMount{{Name: "data"}},
			}},
		},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "web", RestartCount: 3, Resources: &corev1.ResourceRequirements{},
		}}},
	}
	lean(pod)
	container, status := pod.Spec.Containers[0], pod.Status.ContainerStatuses[0]
	if pod.Labels == nil || pod.Spec.NodeName == "" || len(container.Ports)+len(container.Args)+len(container.Env) != 4 || status.RestartCount != 3 {
		t.Errorf("fields that rules read are missing: %+v", pod)
	}
	if pod.ManagedFields != nil || pod.Spec.Volumes != nil || container.VolumeMounts != nil || status.Resources != nil {
		t.Errorf("large fields are left: %+v", pod)
	}
}
