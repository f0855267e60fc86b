package tunnel

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/websocket"
)

// maxHeaders is the longest header of an answer of the API server, in bytes.
const maxHeaders = 64 << 10

// transportName is how the SPDY frames are carried.
type transportName string

const (
	webSocketTransport transportName = "websocket"
	spdyTransport      transportName = "spdy"
)

// upgrader turns requests to the API server into carriers. net/http makes the
// connections, so that proxies, TLS and credentials work as everywhere.
type upgrader struct {
	base      *url.URL
	through   http.RoundTripper
	direct    *http.Transport // below through
	renewable bool            // a plugin gets new credentials when they are rejected

	mu    sync.Mutex
	order []transportName // in which to try them
	won   transportName   // the last that worked
}

// dialFunc connects to an address.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

func newUpgrader(config *rest.Config) (*upgrader, error) {
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, err
	}
	settings, err := config.TransportConfig()
	if err != nil {
		return nil, err
	}
	tlsConfig, err := transport.TLSConfigFor(settings)
	if err != nil {
		return nil, err
	}
	dial := (&net.Dialer{}).DialContext
	if settings.DialHolder != nil {
		dial = settings.DialHolder.Dial
	}
	direct := &http.Transport{
		DialContext:            withRawIO(dial),
		Proxy:                  settings.Proxy,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    10 * time.Second,
		DisableCompression:     true,
		IdleConnTimeout:        time.Minute,
		ReadBufferSize:         16 << 10,
		MaxResponseHeaderBytes: maxHeaders,
		Protocols:              new(http.Protocols),
	}
	direct.Protocols.SetHTTP1(true) // HTTP/2 cannot be upgraded
	if direct.Proxy == nil {
		direct.Proxy = utilnet.NewProxierWithNoProxyCIDR(http.ProxyFromEnvironment)
	}
	through, err := transport.HTTPWrappersForConfig(settings, direct)
	if err != nil {
		return nil, err
	}
	u := &upgrader{
		base: base, through: through, direct: direct,
		renewable: config.ExecProvider != nil || config.AuthProvider != nil,
		order:     []transportName{webSocketTransport, spdyTransport},
	}
	if os.Getenv("KUBECTL_PORT_FORWARD_WEBSOCKETS") == "false" {
		u.order = u.order[1:]
	}
	return u, nil
}

// open opens a tunnel to a pod over the transport that worked last, or else over
// the other one. If only the second works, fellBack is the answer to the first.
func (u *upgrader) open(ctx context.Context, pod Pod) (c carrier, fellBack, err error) {
	u.mu.Lock()
	order := u.order
	u.mu.Unlock()
	for _, name := range order {
		c, refused := u.upgrade(ctx, pod, name)
		if u.renewable && isUnauthorized(refused) { // the credentials had expired and are new now
			c, refused = u.upgrade(ctx, pod, name)
		}
		if refused == nil {
			u.prefer(name)
			return c, err, nil
		}
		// Of the two refusals, that of SPDY names the missing permission.
		if err == nil || name == spdyTransport {
			err = refused
		}
		if !isTransportRefusal(refused) {
			break
		}
	}
	return nil, nil, err
}

// prefer remembers the transport that worked.
func (u *upgrader) prefer(name transportName) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.won = name
	if u.order[0] != name {
		u.order = []transportName{name, u.order[0]}
	}
}

func (u *upgrader) last() transportName {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.won
}

func (u *upgrader) close() { u.direct.CloseIdleConnections() }

// upgrade asks the API server for a tunnel. WebSocket uses GET and SPDY uses POST,
// which need different permissions.
func (u *upgrader) upgrade(ctx context.Context, pod Pod, name transportName) (carrier, error) {
	target := u.base.JoinPath("api", "v1", "namespaces", pod.Namespace, "pods", pod.Name, "portforward")
	method := http.MethodGet
	if name == spdyTransport {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Connection", "Upgrade")
	if name == spdyTransport {
		request.Header.Set("Upgrade", "SPDY/3.1")
		request.Header.Set("X-Stream-Protocol-Version", protocol)
		return u.exchange(request, func(http.Header) error { return nil }, newBareCarrier)
	}
	key := websocket.NewKey()
	request.Header.Set("Upgrade", "websocket")
	request.Header.Set("Sec-WebSocket-Version", "13")
	request.Header.Set("Sec-WebSocket-Key", key)
	request.Header.Set("Sec-WebSocket-Protocol", "SPDY/3.1+"+protocol)
	return u.exchange(request, func(answer http.Header) error { return checkHandshake(key, answer) }, newWebSocketCarrier)
}

// checkHandshake checks the answer to a WebSocket handshake (RFC 6455, section 4.1).
func checkHandshake(key string, answer http.Header) error {
	if answer.Get("Sec-WebSocket-Accept") != websocket.AcceptKey(key) {
		return &refusal{Message: "the answer to the WebSocket handshake belongs to another request"}
	}
	if got := answer.Get("Sec-WebSocket-Protocol"); got != "SPDY/3.1+"+protocol {
		return &refusal{Message: fmt.Sprintf("the server selected the WebSocket protocol %q, want %q", clip(got), "SPDY/3.1+"+protocol)}
	}
	return nil
}

// exchange sends a request and turns the connection into a carrier if the server
// switches protocols and its answer passes the check.
func (u *upgrader) exchange(request *http.Request, check func(http.Header) error, wrap func(io.ReadWriteCloser) carrier) (carrier, error) {
	response, err := u.through.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	conn, ok := response.Body.(io.ReadWriteCloser)
	if response.StatusCode != http.StatusSwitchingProtocols || !ok {
		defer response.Body.Close()
		return nil, readRefusal(response)
	}
	if err := check(response.Header); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return wrap(conn), nil
}
