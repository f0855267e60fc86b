//go:build linux

package cli

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
)

// TestARunWithFewDescriptorsKeepsServing loads a run that may open 64 files with
// more clients than that, and with clients of its status server that say nothing.
func TestARunWithFewDescriptorsKeepsServing(t *testing.T) {
	for name, args := range map[string][]string{"stand-in": nil, "backend": {"--backend=web=" + echo(t)}} {
		t.Run(name, func(t *testing.T) { serveWithFewDescriptors(t, args) })
	}
}

func serveWithFewDescriptors(t *testing.T, args []string) {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	status := freeStatusPort(t)
	p, port := runWebBy(t, []string{shell, "-c", `ulimit -n 64; exec "$0" "$@"`}, sockets(t), append(args, fmt.Sprintf("--status=127.0.0.1:%d", status))...)
	p.await("web ")
	for range 40 {
		silent, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", status))
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
	}
	var served atomic.Int64
	var clients sync.WaitGroup
	for range 80 {
		clients.Go(func() {
			for range 5 {
				if echoed(port) {
					served.Add(1)
				}
			}
		})
	}
	clients.Wait()
	if served.Load() == 0 {
		t.Errorf("no client was served:\n%s", &p.out)
	}
	for limit := time.Now().Add(time.Minute); !echoed(port); { // the last connections may still be ending
		if time.Now().After(limit) {
			t.Fatalf("a lone client was not served:\n%s", &p.out)
		}
	}
	if said := p.out.String(); strings.Contains(said, "too many open files") {
		t.Errorf("it ran out of descriptors:\n%s", said)
	}
	p.interrupt()
	if code := p.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// echoed reports whether the stand-in answers a client.
func echoed(port int) bool {
	conn, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write([]byte("hello\n")); err != nil {
		return false
	}
	answer := make([]byte, 6)
	_, err = io.ReadFull(conn, answer)
	return err == nil && string(answer) == "hello\n"
}

func TestMoreConnectionsThanOpenFilesAreAMistake(t *testing.T) {
	var said strings.Builder
	code := Run(t.Context(), []string{"run", "-f", "../../testdata/tutorial", "--max-connections=1000000000"},
		genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: &said})
	if most := engine.MostConnections(); code != exitError || !strings.Contains(said.String(), fmt.Sprintf("give at most %d", most)) {
		t.Errorf("exit code %d, said %s", code, said.String())
	}
}
