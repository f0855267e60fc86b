package local

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStatesAreKeptUpToASize(t *testing.T) {
	const quarter = mostPastBytes / 4
	for name, test := range map[string]struct{ sizes, want []int }{
		"small ones":            {[]int{1, 2, 3}, []int{1, 2, 3}},
		"large ones":            {[]int{1, quarter, quarter, quarter, quarter, quarter}, []int{quarter, quarter, quarter, quarter, quarter}},
		"a present one too big": {[]int{1, 2 * mostPastBytes}, []int{1, 2 * mostPastBytes}},
		"a past one too big":    {[]int{1, 2 * mostPastBytes, 3}, []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			var states []*state
			for _, size := range test.sizes {
				states = append(states, &state{size: size})
			}
			var got []int
			for _, s := range recent(states) {
				got = append(got, s.size)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("sizes %d are kept, want %d", got, test.want)
			}
		})
	}
}

func TestTheSizeOfAStateIsThatOfItsObjects(t *testing.T) {
	const text = 100_000
	c := run(t, Options{Nodes: 1}, strings.Replace(fmt.Sprintf(web, freePort(t)), "metadata: {name: web}",
		fmt.Sprintf("metadata: {name: web, annotations: {text: %q}}", strings.Repeat("a", text)), 1))
	if size := c.now.Load().size; size < text || size > 2*text {
		t.Errorf("the size is %d", size)
	}
}

func TestStatesAreKeptUpToANumber(t *testing.T) {
	c := run(t, Options{Nodes: 1}, fmt.Sprintf(web, freePort(t)))
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 2 * mostPast {
		c.refresh()
	}
	if len(c.past) != mostPast {
		t.Errorf("%d states are kept", len(c.past))
	}
}

// served is a cluster that answers at a socket, and a dialer of that.
func served(t *testing.T) func() net.Conn {
	t.Helper()
	c := run(t, Options{Nodes: 1}, fmt.Sprintf(web, freePort(t)))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- c.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return func() net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
}

// askPath sends a request and returns the status of the answer.
func askPath(t *testing.T, conn net.Conn, path string) int {
	t.Helper()
	_, _ = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: run\r\n\r\n") // a client too many is answered before
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

func TestTheControlSocketHasABoundedNumberOfClients(t *testing.T) {
	dial := served(t)
	const path = "/api/v1/namespaces/default/services/web"
	var open []net.Conn
	for range mostClients { // accepted in this order, and silent
		open = append(open, dial())
	}
	if code := askPath(t, dial(), path); code != http.StatusTooManyRequests {
		t.Errorf("a client too many is answered %d", code)
	}
	_ = open[0].Close()
	for askPath(t, dial(), path) != http.StatusOK { // until the end was seen
		time.Sleep(time.Millisecond)
	}
}

func TestTheControlSocketHasABoundedNumberOfWatches(t *testing.T) {
	dial := served(t)
	const path = "/api/v1/services?watch=1"
	for i := range mostWatches {
		if code := askPath(t, dial(), path); code != http.StatusOK {
			t.Fatalf("watch %d is answered %d", i, code)
		}
	}
	if code := askPath(t, dial(), path); code != http.StatusTooManyRequests {
		t.Errorf("a watch too many is answered %d", code)
	}
	if code := askPath(t, dial(), "/api/v1/services"); code != http.StatusOK {
		t.Errorf("a list beside the watches is answered %d", code)
	}
}

func FuzzControlSocket(f *testing.F) {
	c, err := New(Options{Nodes: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Shutdown(context.Background()) })
	handler := c.Handler()
	f.Add("POST", "/api/v1/namespaces/default/services", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":1}]}}`)
	f.Add("PATCH", "/api/v1/namespaces/default/services/web", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"port":1,"targetPort":{}}],"sessionAffinity":"ClientIP"}}`)
	f.Add("GET", "/api/v1/services?fieldSelector=metadata.name%3Dx&labelSelector=a%20in%20(b)&limit=3", "")
	f.Add("GET", "/apis/apps/v1/deployments?watch=1&timeoutSeconds=1&sendInitialEvents=true", "")
	f.Fuzz(func(t *testing.T, method, target, body string) {
		if !strings.HasPrefix(target, "/") || strings.Contains(target, "/proxy/") { // which connects
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, method, "http://run"+target, strings.NewReader(body))
		if err != nil {
			return
		}
		query := request.URL.Query()
		query.Set("dryRun", "All")
		request.URL.RawQuery = query.Encode()
		request.Header.Set("Content-Type", "application/apply-patch+yaml")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code >= http.StatusInternalServerError {
			t.Errorf("%s %s is answered %d %s", method, target, answer.Code, answer.Body)
		}
	})
}

func FuzzStandIn(f *testing.F) {
	f.Add([]byte("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\nGET / HTTP/1.0\r\n\r\n"))
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c123456789012GET "))
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		r := bufio.NewReader(strings.NewReader(string(data)))
		if skipProxyHeader(r) == nil {
			_ = looksLikeHTTP(r)
		}
	})
}
