package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

func TestReport(t *testing.T) {
	get := &cobra.Command{Use: "get"}
	for _, test := range []struct {
		name string
		err  error
		code int
		said string
	}{
		{name: "no error", code: 0},
		{name: "an error", err: errors.New("no such service"), code: 1, said: "error: no such service\n"},
		{name: "several errors, each by itself", err: errors.Join(errors.New("one"), errors.Join(errors.New("two"), errors.New("three"))), code: 1, said: "error: one\nerror: two\nerror: three\n"},
		{name: "one that was told already", err: errReported, code: 1},
		{name: "a wrong command line", err: &usageError{get, errors.New("unknown flag")}, code: 1, said: "error: unknown flag\nSee \"get --help\".\n"},
		{name: "several mistakes in a command line", err: &usageError{get, errors.Join(errors.New("one"), errors.New("two"))}, code: 1, said: "error: one\nerror: two\nSee \"get --help\".\n"},
		{name: "Ctrl-C", err: fmt.Errorf("cannot read services: %w", context.Canceled), code: 130, said: "interrupted\n"},
		{
			name: "Ctrl-C in the middle of several services",
			err:  unfinished(context.Canceled, []*corev1.Service{service()}, []*corev1.Service{service(named("api"))}, "created"),
			code: 130, said: "error: already created: shop/web\nerror: not tried: shop/api\ninterrupted\n",
		},
		{name: "what is said cannot control the terminal", err: errors.New("we\x1b[2Jb\nnext"), code: 1, said: "error: we\\u001b[2Jb\nnext\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, said := testFactory()
			if code := f.report(test.err); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if diff := cmp.Diff(test.said, said.String()); diff != "" {
				t.Errorf("said (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnfinished(t *testing.T) {
	failed := errors.New("the server is gone")
	web, api, db := service(), service(named("api")), service(named("db"))
	for _, test := range []struct {
		name       string
		done, left []*corev1.Service
		want       string
	}{
		{"the only one", nil, nil, "the server is gone"},
		{"the first", nil, []*corev1.Service{api, db}, "the server is gone\nnot tried: shop/api, shop/db"},
		{"the last", []*corev1.Service{web, api}, nil, "the server is gone\nalready applied: shop/web, shop/api"},
		{"one between", []*corev1.Service{web}, []*corev1.Service{db}, "the server is gone\nalready applied: shop/web\nnot tried: shop/db"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := unfinished(failed, test.done, test.left, "applied")
			checkError(t, err, test.want)
			if !errors.Is(err, failed) {
				t.Error("what failed is lost")
			}
		})
	}
}

// kubeconfigOf is a kubeconfig of a server, for the environment.
func kubeconfigOf(t *testing.T, url string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	config := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c,
clusters: [{name: c, cluster: {server: %q}}], contexts: [{name: c, context: {cluster: c, namespace: shop}}]}`, url)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", path)
}

// This is about the words only; what an API server really answers is tested
// with a real one.
func TestErrorsOfTheAPIServerSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		name       string
		status     *apierrors.StatusError
		begin, end string
	}{
		{
			"no permission", apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "", errors.New("not today")),
			"error: cannot list ", "services is forbidden: not today\nThe least role for each command: https://github.com/kubectl-nodeport/kubectl-nodeport/blob/main/docs/rbac.yaml\n",
		}, {
			"not logged in", apierrors.NewUnauthorized("Unauthorized"),
			"error: the API server does not know you: ", ": Unauthorized; log in again, or check the user of the kubeconfig's context\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(int(test.status.ErrStatus.Code))
				status := test.status.ErrStatus
				status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
				_ = json.NewEncoder(w).Encode(status)
			}))
			defer server.Close()
			kubeconfigOf(t, server.URL)
			code, out, said := runCommand(t, "get")
			if code != 1 || out != "" {
				t.Errorf("exit code %d, out %q", code, out)
			}
			if !strings.HasPrefix(said, test.begin) || !strings.HasSuffix(said, test.end) {
				t.Errorf("said %q, want %q … %q", said, test.begin, test.end)
			}
		})
	}
}

func runCommand(t *testing.T, args ...string) (code int, out, said string) {
	t.Helper()
	var o, e strings.Builder
	code = Run(t.Context(), args, genericiooptions.IOStreams{In: strings.NewReader(""), Out: &o, ErrOut: &e})
	return code, o.String(), e.String()
}

func TestServerThatCannotBeReached(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	checkError(t, err, "")
	address := listener.Addr().String()
	listener.Close()
	kubeconfigOf(t, "http://"+address)
	_, refused := net.Dial("tcp", address) // each system has its own words
	want := "error: cannot reach the API server at " + address + ": " + rootCause(refused).Error() + "; is the cluster running, and the kubeconfig's context the right one?\n"
	for _, args := range [][]string{{"get"}, {"create", "web"}} {
		code, _, said := runCommand(t, args...)
		if diff := cmp.Diff(want, said); code != 1 || diff != "" {
			t.Errorf("%s: exit code %d (-want +got):\n%s", args, code, diff)
		}
	}
}

func TestServerThatDoesNotAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections, and says nothing
	checkError(t, err, "")
	defer listener.Close()
	kubeconfigOf(t, "https://"+listener.Addr().String())
	want := "error: the API server at " + listener.Addr().String() + " does not answer in time; is the cluster running, and the kubeconfig's context the right one?\n"
	for _, args := range [][]string{{"get"}, {"ports"}, {"create", "web"}} {
		code, _, said := runCommand(t, append(args, "--request-timeout=50ms")...)
		if diff := cmp.Diff(want, said); code != 1 || diff != "" {
			t.Errorf("%s: exit code %d (-want +got):\n%s", args, code, diff)
		}
	}
}

func TestKubeconfigThatDoesNotExistIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confg")
	t.Setenv("KUBECONFIG", path)
	code, _, said := runCommand(t, "get")
	if want := "error: no cluster is configured: KUBECONFIG names " + path + ", which does not exist\n"; code != 1 || said != want {
		t.Errorf("exit code %d, said %q, want %q", code, said, want)
	}
}

func TestPageThatCannotBeFetchedIsNotBlamedOnTheAPIServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	checkError(t, err, "")
	page := "http://" + listener.Addr().String() + "/service.yaml"
	listener.Close()
	for _, server := range []string{"http://api.example.invalid", ""} {
		kubeconfigOf(t, server)
		code, _, said := runCommand(t, "get", "-f", page, "-f", "none.yaml")
		if code != 1 || strings.Contains(said, "API server") || strings.Contains(said, "no cluster is configured") ||
			!strings.Contains(said, page) || !strings.Contains(said, "refused") {
			t.Errorf("server %q: exit code %d, said %s", server, code, said)
		}
	}
	lookup := &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "pages.example.invalid"}}
	_, err = manifest.Read(t.Context(), manifest.Source{Paths: []string{"http://pages.example.invalid/"}, HTTP: &http.Client{Transport: failing{lookup}}})
	f, _ := testFactory()
	if got := f.explain(err); strings.Contains(got, "API server") || !strings.Contains(got, "no such host") {
		t.Errorf("got %s", got)
	}
}

// failing is a network in which nothing is reached.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestServerWhoseNameIsUnknown(t *testing.T) {
	lookup := &net.DNSError{Err: "no such host", Name: "api.example.invalid"}
	kubeconfigOf(t, "http://api.example.invalid")
	f, _ := testFactory()
	err := &net.OpError{Op: "dial", Err: lookup}
	if got, want := f.explain(err), `cannot find the API server "api.example.invalid"; check the server of the kubeconfig's context`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
