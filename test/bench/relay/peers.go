//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// peer is one way to the backend.
type peer struct {
	name    string
	address string
	udp     bool
	cmd     *exec.Cmd // nil for the direct way
}

const (
	backendAddress = "127.0.0.1:19000"

	directName, engineName, reference = "direct", "ours", "haproxy"
)

// startPeers starts the backend and everything that is installed.
func startPeers(ctx context.Context, folder string) ([]*peer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	wanted := []struct {
		peer
		command []string
		config  string
	}{
		{peer: peer{name: directName, address: backendAddress, udp: true}, command: []string{self, "backend", backendAddress}},
		{peer: peer{name: engineName, address: "127.0.0.1:19001", udp: true}, command: []string{self, "engine", "127.0.0.1:19001", backendAddress}},
		{peer: peer{name: reference, address: "127.0.0.1:19002"}, command: []string{"haproxy", "-db", "-f"}, config: haproxyConfig},
		{peer: peer{name: "nginx", address: "127.0.0.1:19003", udp: true}, command: []string{"nginx", "-p", folder, "-c"}, config: nginxConfig},
		{peer: peer{name: "socat", address: "127.0.0.1:19004"}, command: []string{"socat",
			"TCP-LISTEN:19004,bind=127.0.0.1,fork,reuseaddr,backlog=4096,nodelay", "TCP:" + backendAddress + ",nodelay"}},
	}
	var peers []*peer
	for _, w := range wanted {
		if _, err := exec.LookPath(w.command[0]); err != nil {
			fmt.Fprintf(os.Stderr, "relay: left out: %s is not installed\n", w.name)
			continue
		}
		if w.config != "" {
			path := filepath.Join(folder, w.name+".conf")
			if err := os.WriteFile(path, []byte(w.config), 0o644); err != nil {
				return peers, err
			}
			w.command = append(w.command, path)
		}
		p := w.peer
		if err := p.start(ctx, w.command); err != nil {
			return peers, fmt.Errorf("%s: %w", p.name, err)
		}
		peers = append(peers, &p)
	}
	return peers, nil
}

func (p *peer) start(ctx context.Context, command []string) error {
	p.cmd = exec.CommandContext(ctx, command[0], command[1:]...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		return err
	}
	return p.awaitOpen()
}

// awaitOpen tries until the port takes connections: no peer tells.
func (p *peer) awaitOpen() error {
	var err error
	for range 100 {
		var conn net.Conn
		if conn, err = net.Dial("tcp", p.address); err == nil {
			return conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

func (p *peer) stop() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// The peers as their manuals advise for plain TCP: as many threads as there
// are processors, splice where they can, no logs.
const (
	haproxyConfig = `global
  maxconn 7500
  nbthread 2
defaults
  mode tcp
  option splice-auto
  timeout connect 10s
  timeout client 1h
  timeout server 1h
  maxconn 7500
listen web
  bind 127.0.0.1:19002
  server web 127.0.0.1:19000
`
	nginxConfig = `daemon off;
worker_processes 2;
pid nginx.pid;
error_log stderr crit;
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
events { worker_connections 18000; }
stream {
  server { listen 127.0.0.1:19003; proxy_pass 127.0.0.1:19000; proxy_timeout 1h; }
  server { listen 127.0.0.1:19003 udp; proxy_pass 127.0.0.1:19000; proxy_timeout 10s; }
}
`
)
