package tunnel

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what RFC 6455 asks for; it protects nothing
	"encoding/base64"
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
)

// protocol is the only version of port forwarding that Kubernetes has.
const protocol = "portforward.k8s.io"

// transportName is how the SPDY frames travel.
type transportName string

const (
	webSocketTransport transportName = "websocket"
	spdyTransport      transportName = "spdy"
)

// carrier carries the bytes of SPDY frames, in both directions.
type carrier interface {
	io.ReadCloser
	// send writes message[headroom:] and may change all of message.
	send(message []byte) error
}

// upgrader turns requests to the API server into carriers. net/http does all of
// the connecting, so that proxies, TLS and credentials are as everywhere.
type upgrader struct {
	base    *url.URL
	through http.RoundTripper
	direct  *http.Transport // below through
	renewed bool            // a plugin gets new credentials where they are refused

	mu    sync.Mutex
	order []transportName // in which to try them
	won   transportName
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
		DialContext:         quietly(dial),
		Proxy:               settings.Proxy,
		TLSClientConfig:     tlsConfig,
		TLSHandshakeTimeout: 10 * time.Second,
		DisableCompression:  true,
		IdleConnTimeout:     time.Minute,
		ReadBufferSize:      16 << 10,
		Protocols:           new(http.Protocols),
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
		renewed: config.ExecProvider != nil || config.AuthProvider != nil,
		order:   []transportName{webSocketTransport, spdyTransport},
	}
	if os.Getenv("KUBECTL_PORT_FORWARD_WEBSOCKETS") == "false" {
		u.order = u.order[1:]
	}
	return u, nil
}

// open opens a tunnel to a pod in the way that last worked, or else in the
// other. fellBack is what was said to the first way where the second works.
func (u *upgrader) open(ctx context.Context, pod Pod) (c carrier, fellBack, err error) {
	u.mu.Lock()
	order := u.order
	u.mu.Unlock()
	for _, name := range order {
		c, refused := u.upgrade(ctx, pod, name)
		if u.renewed && isUnauthorized(refused) { // the credentials have expired, and are new now
			c, refused = u.upgrade(ctx, pod, name)
		}
		if refused == nil {
			u.prefer(name)
			return c, err, nil
		}
		// Of the two, the refusal of SPDY tells which permission is missing.
		if err == nil || name == spdyTransport {
			err = refused
		}
		if !isUpgradeRefusal(refused) {
			break
		}
	}
	return nil, nil, err
}

// prefer remembers the way that worked.
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

// upgrade asks the API server for a tunnel. WebSocket asks with GET, SPDY with
// POST, which are different permissions.
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
		return u.exchange(request, func(http.Header) error { return nil }, newBare)
	}
	key := base64.StdEncoding.EncodeToString([]byte(rand.Text()[:16]))
	request.Header.Set("Upgrade", "websocket")
	request.Header.Set("Sec-WebSocket-Version", "13")
	request.Header.Set("Sec-WebSocket-Key", key)
	request.Header.Set("Sec-WebSocket-Protocol", "SPDY/3.1+"+protocol)
	return u.exchange(request, func(answer http.Header) error { return agreed(key, answer) }, newWebSocket)
}

// agreed checks the answer to a WebSocket handshake (RFC 6455, section 4.1).
func agreed(key string, answer http.Header) error {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // see the import
	if answer.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) {
		return &refusal{Message: "the answer to the WebSocket handshake belongs to another request"}
	}
	if got := answer.Get("Sec-WebSocket-Protocol"); got != "SPDY/3.1+"+protocol {
		return &refusal{Message: fmt.Sprintf("the server wants to speak %q over the WebSocket", got)}
	}
	return nil
}

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

// bare is a carrier without a frame of its own.
type bare struct {
	*bufio.Reader
	io.WriteCloser
}

func newBare(conn io.ReadWriteCloser) carrier {
	return &bare{bufio.NewReaderSize(conn, readBuffer), conn}
}

func (b *bare) send(message []byte) error {
	_, err := b.Write(message[headroom:])
	return err
}
