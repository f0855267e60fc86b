package tunnel

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// echoThrough connects with a configuration.
func echoThrough(t *testing.T, config *rest.Config) {
	t.Helper()
	d, err := New(config, Options{MaxPerPod: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	c, err := d.DialPod(t.Context(), testPod, 7)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mustEcho(t, c, "hello")
}

// bothWays runs a test over both transports, on a server with TLS.
func bothWays(t *testing.T, test func(t *testing.T, s *server)) {
	for name, webSockets := range map[string]string{"websocket": "true", "spdy": "false"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", webSockets)
			s := prepare(t)
			s.StartTLS()
			test(t, s)
		})
	}
}

func TestRequestsCarryTheCredentialsOfTheConfiguration(t *testing.T) {
	bothWays(t, func(t *testing.T, s *server) {
		s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("Impersonate-User") != "jane" ||
				r.UserAgent() != "kubectl-nodeport" || r.URL.Path != "/base/api/v1/namespaces/docs/pods/web/portforward" {
				return status(w, 401, "", fmt.Sprintf("%s %v", r.URL, r.Header))
			}
			return false
		}
		config := s.config()
		config.Host += "/base"
		config.BearerToken = "secret"
		config.UserAgent = "kubectl-nodeport"
		config.Impersonate.UserName = "jane"
		echoThrough(t, config)
	})
}

func TestTunnelsGoThroughProxies(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			bothWays(t, func(t *testing.T, s *server) {
				var connected atomic.Int32
				proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					connected.Add(1)
					passOn(w, r)
				}))
				if scheme == "https" {
					proxy.TLS = s.TLS.Clone() // the certificate of the server, which is trusted
					proxy.TLS.NextProtos = nil
					proxy.StartTLS()
				} else {
					proxy.Start()
				}
				t.Cleanup(proxy.Close)
				u, err := url.Parse(proxy.URL)
				if err != nil {
					t.Fatal(err)
				}
				config := s.config()
				config.Proxy = http.ProxyURL(u)
				echoThrough(t, config)
				if connected.Load() != 1 {
					t.Errorf("the proxy was asked %d times", connected.Load())
				}
			})
		})
	}
}

// passOn handles CONNECT as a proxy does.
func passOn(w http.ResponseWriter, r *http.Request) {
	out, err := net.Dial("tcp", r.Host)
	if err != nil || r.Method != http.MethodConnect {
		http.Error(w, "no", http.StatusBadGateway)
		return
	}
	defer out.Close()
	in, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer in.Close()
	_, _ = io.WriteString(in, "HTTP/1.1 200 Connected\r\n\r\n")
	go func() {
		_, _ = io.Copy(out, buffered)
		_ = out.Close()
	}()
	_, _ = io.Copy(in, out)
}

func TestExpiredCredentialsOfAPluginAreRenewed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: the plugin of this test is a shell script")
	}
	bothWays(t, func(t *testing.T, s *server) {
		var asked atomic.Int32
		s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
			asked.Add(1)
			return r.Header.Get("Authorization") != "Bearer xx" && status(w, 401, "", "Unauthorized")
		}
		plugin := filepath.Join(t.TempDir(), "plugin")
		script := "#!/bin/sh\nprintf x >>$0.count\n" +
			`printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(cat $0.count)"` + "\n"
		if err := os.WriteFile(plugin, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		config := s.config()
		config.ExecProvider = &clientcmdapi.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1", Command: plugin, InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		}
		echoThrough(t, config) // the first token is refused, the second is not
		if asked.Load() != 2 {
			t.Errorf("the server was asked %d times", asked.Load())
		}
	})
}

// However a server fails to answer, a dial ends in time and leaves nothing.
func TestAServerThatDoesNotFinishItsAnswer(t *testing.T) {
	endless := func(line string) func(conn net.Conn) {
		return func(conn net.Conn) {
			for {
				if _, err := io.WriteString(conn, line); err != nil {
					return
				}
			}
		}
	}
	for _, test := range []struct {
		name   string
		want   string
		answer func(conn net.Conn)
	}{
		{"nothing", "no answer in time", func(net.Conn) {}},
		{"a part of the status line", "no answer in time", func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 10") }},
		{"an endless status line", "exceeded 65536 bytes", endless("HTTP/1.1 101 Switching ")},
		{"endless headers", "exceeded 65536 bytes", func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n")
			endless("X-Header: " + strings.Repeat("x", 1000) + "\r\n")(conn)
		}},
		{"endless interim answers", "", endless("HTTP/1.1 100 Continue\r\n\r\n")},
		{"a refusal without an end", "no", func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 100\r\n\r\nno")
		}},
		{"a refusal that never ends", "no no", func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 500 Internal Server Error\r\n\r\n")
			endless(strings.Repeat("no ", 1000))(conn)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = listener.Close() })
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					t.Cleanup(func() { _ = conn.Close() })
					go func() {
						if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
							test.answer(conn)
						}
					}()
				}
			}()
			r := record()
			d, err := New(&rest.Config{Host: "http://" + listener.Addr().String()}, Options{DialTimeout: 500 * time.Millisecond, OnEvent: r.add})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close(); noneLeft(t) })
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				r.await(t, DialFailed, 1)
				cancel()
			}()
			_, err = d.DialPod(ctx, testPod, 7)
			if !isKind(err, Unreachable) || len(err.Error()) > 2*maxMessage || !strings.Contains(err.Error(), test.want) {
				t.Errorf("dial: %.200v", err)
			}
		})
	}
}
