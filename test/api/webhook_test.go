package api

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	admissionclient "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// rewrite has a mutating webhook apply a JSON patch to every service that is
// created in a namespace, and returns how often it was asked.
func rewrite(t *testing.T, c *rig.Cluster, namespace, patch string) (asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		kind := admissionv1.PatchTypeJSONPatch
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, PatchType: &kind, Patch: []byte(patch)}
		_ = json.NewEncoder(w).Encode(review)
	}))
	t.Cleanup(server.Close)

	client, err := admissionclient.NewForConfig(c.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	none := admissionregistrationv1.SideEffectClassNone
	hooks := &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: namespace + ".nodeport.test"},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "rewrite.nodeport.test",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL:      &server.URL,
				CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"services"}},
			}},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}},
			SideEffects:             &none,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}
	configurations := client.MutatingWebhookConfigurations()
	if _, err := configurations.Create(t.Context(), hooks, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = configurations.Delete(context.Background(), hooks.Name, metav1.DeleteOptions{}) })
	return asked
}

// A webhook that replaces node ports makes the impossible node port possible.
func TestNoServiceStaysWhereAWebhookReplacesNodePorts(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, deployment)
	asked := rewrite(t, c, u.namespace, `[{"op": "replace", "path": "/spec/ports/0/nodePort", "value": 31234}]`)
	for asked.Load() == 0 { // the API server learns of webhooks by a watch
		u.succeeds(u.run("create", "deploy/web", "--port", "30077:80:300", "--dry-run=server"))
	}
	before := asked.Load()
	u.succeeds(u.run("create", "deploy/web", "--port", "30077:80:300", "--dry-run=server"))
	if asked.Load() < before+2 {
		t.Fatal("the webhook was not asked about the service that reads the range")
	}
	services, err := c.Core().Services(u.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(services.Items) != 0 {
		t.Errorf("%d services stay behind (%v)", len(services.Items), err)
	}
	r := u.run("create", "deploy/web", "--port", "30077:80:300", "--wait=false")
	if strings.Contains(r.err, "cannot be deleted") {
		t.Errorf("got %s", r.err)
	}
}
