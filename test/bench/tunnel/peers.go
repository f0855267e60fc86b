//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// tool is a program that opens a port of the client host and leads it to port 82
// of a service.
type tool struct {
	name string
	// command is what to run, with a kubeconfig.
	command func(kubeconfig, service string) []string
	// ready is what a line says when the port leads to as many pods as it should.
	ready func(pods int) string
}

func ours(program string) tool {
	return tool{
		"ours",
		func(kubeconfig, service string) []string {
			return []string{program, "forward", service, "--via=tunnel", "--kubeconfig=" + kubeconfig}
		},
		func(pods int) string { return fmt.Sprintf(`→ %d pod`, pods) },
	}
}

func portForward() tool {
	return tool{
		"port-forward",
		func(kubeconfig, service string) []string {
			return []string{"kubectl", "port-forward", "service/" + service, ":82", "--kubeconfig=" + kubeconfig}
		},
		func(int) string { return "Forwarding from 127.0.0.1" },
	}
}

// peer is a tool that runs.
type peer struct {
	name    string
	host    *rig.Host
	address string
	stop    func()
	said    lastWords
}

func (p *peer) dial(ctx context.Context) (net.Conn, error) {
	return p.host.DialContext(ctx, "tcp", p.address)
}

// startLimit is how long a tool may take to open its port.
const startLimit = time.Minute

var listening = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// start starts a tool and waits until it leads to the pods.
func (b *bench) start(ctx context.Context, t tool, kubeconfig, service string, pods int) (*peer, error) {
	ctx, cancel := context.WithCancel(ctx)
	command := t.command(kubeconfig, service)
	cmd := b.cluster.Client().Command(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // krelay takes its pod away
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is interrupted at the end, or has said why it ended
		_ = in.Close()
		close(ended)
	}()
	p := &peer{name: t.name, host: b.cluster.Client(), stop: func() { cancel(); <-ended }}
	addresses := make(chan string, 1)
	go p.listen(out, t.ready(pods), addresses)
	select {
	case p.address = <-addresses:
		return p, nil
	case <-ended:
	case <-time.After(startLimit):
	}
	p.stop()
	return nil, fmt.Errorf("%s opened no port for %d pods:\n%s", t.name, pods, &p.said)
}

// listen keeps what a peer says, and tells the address of the first line that
// says it is ready.
func (p *peer) listen(out io.Reader, ready string, addresses chan<- string) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		p.said.add(lines.Text())
		if strings.Contains(lines.Text(), ready) {
			select {
			case addresses <- listening.FindString(lines.Text()):
			default: // it was told
			}
		}
	}
}

// lastWords are the last lines that a peer said: they are shown when it fails.
type lastWords struct {
	mu    sync.Mutex
	lines []string
}

func (l *lastWords) add(line string) {
	const enough = 10
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	l.lines = l.lines[max(0, len(l.lines)-enough):]
}

// String returns the lines.
func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
