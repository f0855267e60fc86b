package cluster

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// API servers before Kubernetes 1.31 refuse the field selector spec.type. They
// are asked with it once.
func TestServicesAreFoundWhereTheServerCannotSelectThemByType(t *testing.T) {
	var refused atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("fieldSelector") != "" {
			refused.Add(1)
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(metav1.Status{
				TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: http.StatusBadRequest,
				Reason: metav1.StatusReasonBadRequest, Message: `"spec.type" is not a known field selector: only "metadata.name", "metadata.namespace"`,
			})
			return
		}
		list := corev1.ServiceList{TypeMeta: metav1.TypeMeta{Kind: "ServiceList", APIVersion: "v1"}}
		for _, kind := range []corev1.ServiceType{corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer} {
			list.Items = append(list.Items, corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: string(kind)}, Spec: corev1.ServiceSpec{Type: kind},
			})
		}
		_ = json.NewEncoder(w).Encode(list)
	}))
	defer server.Close()
	c, err := New(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		services, err := c.withNodePorts(t.Context(), "default", "")
		if err != nil || len(services) != 2 || services[0].Name != "NodePort" || services[1].Name != "LoadBalancer" {
			t.Fatalf("services %v, %v", services, err)
		}
	}
	if n := refused.Load(); n > 2 {
		t.Errorf("the server refused the field selector %d times", n)
	}
}
