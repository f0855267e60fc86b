package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// server answers on any number of ports of each kind.
type server struct {
	pod   string
	delay time.Duration
	fault fault
	ready *readiness
	// apiServer makes it answer every HTTP request as an API server does to a
	// client without permissions.
	apiServer bool
}

// readiness is what /ready tells the kubelet.
type readiness struct{ not atomic.Bool }

func newReadiness(unreadyAfter time.Duration) *readiness {
	r := &readiness{}
	if unreadyAfter > 0 {
		time.AfterFunc(unreadyAfter, func() { r.not.Store(true) })
	}
	return r
}

// http answers every path with one line; some paths do more.
func (s *server) http(addr string) error {
	l, err := listen(addr, s.fault)
	if err != nil {
		return err
	}
	if s.apiServer {
		return http.Serve(l, http.HandlerFunc(forbid))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", s.answer)
	mux.HandleFunc("GET /ready", s.isReady)
	mux.HandleFunc("POST /ready", func(http.ResponseWriter, *http.Request) { s.ready.not.Store(false) })
	mux.HandleFunc("POST /unready", func(http.ResponseWriter, *http.Request) { s.ready.not.Store(true) })
	mux.HandleFunc("/bytes/{n}", zeros)
	mux.HandleFunc("POST /discard", discard)
	mux.HandleFunc("/status/{code}", status)
	return http.Serve(l, mux)
}

// forbid answers as a kube-apiserver answers an anonymous client.
func forbid(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",`+
		`"message":"forbidden: User \"system:anonymous\" cannot get path \"%s\"","reason":"Forbidden","details":{},"code":403}`, r.URL.Path)
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.delay)
	_, _ = fmt.Fprintf(w, "pod %s client %s host %s path %s\n", s.pod, r.RemoteAddr, r.Host, r.URL.Path)
}

func (s *server) isReady(w http.ResponseWriter, _ *http.Request) {
	if s.ready.not.Load() {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
	}
}

// zeros answers with as many bytes as the path says.
func zeros(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(r.PathValue("n"), 10, 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	chunk := make([]byte, 64<<10)
	for err == nil && n > 0 {
		var wrote int
		wrote, err = w.Write(chunk[:min(n, int64(len(chunk)))])
		n -= int64(wrote)
	}
}

// discard answers when it has read all that was sent, with how much that was.
func discard(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = fmt.Fprintln(w, n)
}

// status answers with the status code of the path.
func status(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil || code < 200 || code > 599 {
		code = http.StatusBadRequest
	}
	w.WriteHeader(code)
}

// tcp names the pod and the client in a first line and then echoes.
func (s *server) tcp(addr string) error {
	l, err := listen(addr, s.fault)
	if err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if _, err := fmt.Fprintf(conn, "pod %s client %s\n", s.pod, conn.RemoteAddr()); err == nil {
				_, _ = io.Copy(conn, conn)
			}
		}()
	}
}

// udp echoes each datagram behind a line that names the pod and the client.
func (s *server) udp(addr string) error {
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("pod %s client %s\n", s.pod, from)
		if _, err := conn.WriteTo(append([]byte(line), buf[:n]...), from); err != nil {
			return err
		}
	}
}
