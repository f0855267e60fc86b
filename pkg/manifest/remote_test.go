package manifest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func TestRedirects(t *testing.T) {
	for _, test := range []struct{ name, from, to, dialled, want string }{
		{"to another page", "https://example.com/a", "https://example.org/b", "93.184.216.34:443", ""},
		{"away from TLS", "https://example.com/a", "http://example.com/b", "", "redirects from https"},
		{"to this machine", "http://example.com/a", "http://localhost:8080/", "", "private network"},
		{"to a cloud's metadata", "http://example.com/a", "http://169.254.169.254/latest", "", "private network"},
		{"to a private address in IPv6 clothes", "http://example.com/a", "http://[::ffff:10.0.0.1]/", "", "private network"},
		{"to a name that leads to a private address", "https://example.com/a", "https://evil.example/b", "10.0.0.1:443", "private address 10.0.0.1"},
		{"to a name that leads to this machine", "https://example.com/a", "https://evil.example/b", "[::1]:443", "private address ::1"},
		{"from a private page to another", "http://10.0.0.1/a", "http://10.0.0.2/b", "10.0.0.2:80", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFetcher(get(t, test.from))
			f.proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
			err := f.redirect(get(t, test.to), []*http.Request{get(t, test.from)})
			if err == nil && test.dialled != "" {
				err = f.control("tcp", test.dialled, nil)
			}
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestAPageOfThisMachineIsFetchedWithItsRedirects(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/web.yaml" {
			http.Redirect(w, r, "/web.yaml", http.StatusFound)
			return
		}
		_, _ = w.Write([]byte("{apiVersion: v1, kind: Pod, metadata: {name: web}}"))
	}))
	defer server.Close()
	set, err := Read(t.Context(), Source{Paths: []string{server.URL + "/a"}})
	if err != nil || len(set.Objects) != 1 {
		t.Errorf("it read %v, %v", set, err)
	}
}

func TestNoMessageShowsThePasswordOfAURL(t *testing.T) {
	for _, address := range []string{
		"http://me:secret%zz@127.0.0.1:1/a", "http://me:secret/x@127.0.0.1:1/a", "http://me:secret@127.0.0.1:1/a", "http://secret@127.0.0.1:1/a",
		"http://me:secret",
	} {
		_, err := Read(t.Context(), Source{Paths: []string{address}})
		if err == nil || strings.Contains(err.Error(), "secret") && strings.Contains(address, "@") {
			t.Errorf("the error for %s is %v", address, err)
		}
		for cause := err; cause != nil; cause = errors.Unwrap(cause) {
			if strings.Contains(cause.Error(), "secret") && strings.Contains(address, "@") {
				t.Errorf("a cause of the error for %s is %v", address, cause)
			}
		}
	}
}
