package cluster

import (
	"fmt"
	"net"
	"net/http"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
)

// maxHeaderBytes limits the headers of a proxied response, which come from a pod.
const maxHeaderBytes = 64 << 10

// withinServer returns a copy of client that follows redirects only to the same
// API server. client-go adds the user's credentials to every request, so another
// server would receive them.
func withinServer(client *http.Client) *http.Client {
	limited := *client
	limited.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		const maxRedirects = 10
		from := via[0].URL
		switch {
		case to.URL.Scheme != from.Scheme || to.URL.Host != from.Host:
			return fmt.Errorf("the API server redirects to another server, %s://%s, which would receive your credentials; "+
				"check the server of the kubeconfig's context", to.URL.Scheme, to.URL.Host)
		case len(via) >= maxRedirects:
			return fmt.Errorf("the API server redirects more than %d times", maxRedirects)
		}
		return nil
	}
	return &limited
}

// newProxiedClient returns a client for requests that the API server proxies to
// nodes and pods. Their responses are not trusted: the client limits the size of
// headers and does not follow redirects.
func newProxiedClient(config *rest.Config) (*http.Client, error) {
	settings, err := config.TransportConfig()
	if err != nil {
		return nil, err
	}
	tlsConfig, err := transport.TLSConfigFor(settings)
	if err != nil {
		return nil, err
	}
	direct := &http.Transport{
		Proxy:                  settings.Proxy,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        time.Minute,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
	if settings.DialHolder != nil {
		direct.DialContext = settings.DialHolder.Dial
	}
	if direct.Proxy == nil {
		direct.Proxy = utilnet.NewProxierWithNoProxyCIDR(http.ProxyFromEnvironment)
	}
	through, err := transport.HTTPWrappersForConfig(settings, direct)
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Transport:     through,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
