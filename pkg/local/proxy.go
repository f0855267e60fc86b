package local

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// throughNode passes a request on to a port of a node.
func (c *Cluster) throughNode(w http.ResponseWriter, r *http.Request) {
	const kubeProxyHealth = 10256
	name, port, ok := hostPort(r.PathValue("name"))
	node := c.now.Load().snapshot.Node(name)
	switch {
	case !ok || node == nil || len(node.Status.Addresses) == 0:
		answerError(w, apierrors.NewNotFound(corev1.Resource("nodes"), name))
		return
	case port == kubeProxyHealth:
		w.WriteHeader(http.StatusOK) // the engine stands for it
		return
	}
	address := net.JoinHostPort(node.Status.Addresses[0].Address, strconv.Itoa(int(port)))
	c.passOn(w, r, func(ctx context.Context) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "tcp", address)
	})
}

// throughPod passes a request on to what stands for a pod.
func (c *Cluster) throughPod(w http.ResponseWriter, r *http.Request) {
	name, port, ok := hostPort(r.PathValue("name"))
	ref := snapshot.Ref{Kind: "Pod", Namespace: r.PathValue("namespace"), Name: name}
	s := c.now.Load().stands[ref]
	if !ok || s == nil {
		answerError(w, apierrors.NewNotFound(corev1.Resource("pods"), name))
		return
	}
	c.passOn(w, r, func(ctx context.Context) (net.Conn, error) {
		return s.backend.dial(ctx, "tcp", port, &caller{pod: ref, probe: true})
	})
}

// passOn sends a request on over a connection of its own. A failure is worded
// as an API server does (k8s.io/apimachinery pkg/util/proxy/transport.go).
func (c *Cluster) passOn(w http.ResponseWriter, r *http.Request, dial func(context.Context) (net.Conn, error)) {
	path := "/" + r.PathValue("path")
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.URL.Path, p.Out.Host = "http", "local", path, "local"
		},
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			answerError(w, apierrors.NewServiceUnavailable("error trying to reach service: "+err.Error()))
		},
	}
	proxy.ServeHTTP(w, r)
}

// hostPort reads "NAME:PORT", as a proxied request names them.
func hostPort(text string) (name string, port uint16, ok bool) {
	name, digits, _ := strings.Cut(text, ":")
	number, err := strconv.ParseUint(digits, 10, 16)
	return name, uint16(number), err == nil
}
