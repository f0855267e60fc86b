package cluster

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
)

const reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

// proxying returns an API server that proxies every request to target, except
// access reviews, which it answers with allowed.
func proxying(allowed bool, target http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Audit-Id", "outer")
		if r.URL.Path != reviews {
			target(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		answer := `{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":false}}`
		if allowed {
			answer = strings.Replace(answer, "false", "true", 1)
		}
		_, _ = w.Write([]byte(answer))
	}
}

// withAuditID returns a target that adds an audit ID, as an API server does.
func withAuditID(target http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Audit-Id", "inner")
		target(w, r)
	}
}

func TestStatusOfAPodIsNotTheAPIServers(t *testing.T) {
	forbidden := says(403, failure(`forbidden: User \"system:anonymous\" cannot get path \"/\"`))
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		status int
	}{
		"with an audit ID, 403":          {proxying(false, withAuditID(forbidden)), 403},
		"with an audit ID, 401":          {proxying(false, withAuditID(says(401, failure("Unauthorized")))), 401},
		"with an audit ID, 404":          {proxying(false, withAuditID(says(404, failure("not found")))), 404},
		"with an audit ID, 500":          {proxying(false, withAuditID(says(500, failure("etcd is gone")))), 500},
		"403 for a user with permission": {proxying(true, forbidden), 403},
		"401 for a user with permission": {proxying(true, says(401, failure("Unauthorized"))), 401},
		"a redirect":                     {proxying(false, says(302, "")), 302},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := behindAPI(t, test.answer).TryPod(t.Context(), "shop", "web", 300)
			if err != nil || result.Outcome != probe.Connected || result.Answer.Status != test.status {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
	var missing *ForbiddenError
	if _, err := behindAPI(t, proxying(false, forbidden)).TryPod(t.Context(), "shop", "web", 300); !errors.As(err, &missing) {
		t.Errorf("missing permission: got %v, want a ForbiddenError", err)
	}
}

func TestHeadersOfAPodAreLimited(t *testing.T) {
	huge := strings.Repeat("y", 1<<20)
	c := behindAPI(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Huge", huge) })
	result, err := c.TryPod(t.Context(), "shop", "web", 300)
	if err != nil || result.Outcome != probe.Connected || result.Answer.Status != 0 {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestRedirectToAnotherServerIsNotFollowed(t *testing.T) {
	var asked atomic.Bool
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	defer thief.Close()
	c := behindAPI(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	_, err := c.Read(t.Context(), Query{Namespace: "shop"})
	if err == nil || !strings.Contains(err.Error(), "redirects to another server") {
		t.Errorf("got %v", err)
	}
	if _, err := c.Version(t.Context()); err == nil || asked.Load() {
		t.Errorf("got %v; the other server was asked: %t", err, asked.Load())
	}
}

func TestRedirectWithinTheAPIServerIsFollowed(t *testing.T) {
	c := behindAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/version" {
			http.Redirect(w, r, "/version/", http.StatusMovedPermanently)
			return
		}
		_, _ = w.Write([]byte(`{"gitVersion":"v1.37.2"}`))
	})
	if info, err := c.Version(t.Context()); err != nil || info.GitVersion != "v1.37.2" {
		t.Errorf("got %+v, %v", info, err)
	}
}

func TestNodePortRangeDeletesACreatedService(t *testing.T) {
	const service = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"` + invalidName + `","namespace":"shop","uid":"u"}}`
	for name, test := range map[string]struct {
		code int
		want string
	}{
		"deleted":         {200, ""},
		"already deleted": {404, ""},
		"forbidden": {403, "the API server created the invalid service kubectl-nodeport.reads-the-range, which it should refuse with its node port range, " +
			"and it cannot be deleted: no; delete it with: kubectl delete service -n shop kubectl-nodeport.reads-the-range"},
	} {
		t.Run(name, func(t *testing.T) {
			deleted := ""
			c := behindAPI(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				switch r.Method {
				case http.MethodPost:
					w.WriteHeader(http.StatusCreated)
					_, _ = w.Write([]byte(service))
				case http.MethodDelete:
					deleted = r.URL.Path
					w.WriteHeader(test.code)
					reason := map[int]string{200: "", 403: "Forbidden", 404: "NotFound"}[test.code]
					_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"` + reason + `","message":"no"}`))
				default:
					_, _ = w.Write([]byte(`{"apiVersion":"v1","kind":"PodList","items":[]}`))
				}
			})
			r, err := c.NodePortRange(t.Context(), "shop")
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want || r.Learned || deleted != "/api/v1/namespaces/shop/services/"+invalidName {
				t.Errorf("got %v, %q; deleted %q", r, got, deleted)
			}
		})
	}
}
