//go:build linux

package cli

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// asProgram in the environment makes the test binary the program.
const asProgram = "NODEPORT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if code, is := supervised(os.Args[1:]); is {
		os.Exit(code)
	}
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	os.Exit(RunProcess(os.Args[1:], genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}))
}

// process is the program in a process of its own, which signals reach.
type process struct {
	t       *testing.T
	command *exec.Cmd
	out     written
	changed chan struct{}
	// ended is closed when it has.
	ended chan struct{}
}

func startProcess(t *testing.T, sockets string, args ...string) *process {
	t.Helper()
	return startProcessBy(t, nil, sockets, args...)
}

// startProcessBy has another command start the program, which by is with its
// first arguments; nil for none.
func startProcessBy(t *testing.T, by []string, sockets string, args ...string) *process {
	t.Helper()
	line := append(append(slices.Clone(by), os.Args[0]), args...)
	p := &process{t: t, command: exec.Command(line[0], line[1:]...), changed: make(chan struct{}, 1), ended: make(chan struct{})}
	p.out.changed = p.changed
	p.command.Stdout, p.command.Stderr = &p.out, &p.out
	p.command.Env = append(os.Environ(), asProgram+"=1", "XDG_RUNTIME_DIR="+sockets, "LC_ALL=C.UTF-8")
	p.command.WaitDelay = time.Minute
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // the exit code tells
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.ended
	})
	return p
}

// await waits until the program has written what a pattern says, and returns
// its first group.
func (p *process) await(pattern string) string {
	p.t.Helper()
	limit := time.After(time.Minute)
	for {
		if found := regexp.MustCompile(pattern).FindStringSubmatch(p.out.String()); found != nil {
			return found[len(found)-1]
		}
		select {
		case <-p.changed:
			continue
		case <-p.ended:
		case <-limit:
		}
		if found := regexp.MustCompile(pattern).FindStringSubmatch(p.out.String()); found == nil {
			p.t.Fatalf("it did not write %q:\n%s", pattern, &p.out)
		}
	}
}

func (p *process) interrupt() {
	p.t.Helper()
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
}

// code waits for the end and returns the exit code.
func (p *process) code() int {
	p.t.Helper()
	limit := time.AfterFunc(time.Minute, func() { _ = p.command.Process.Kill() })
	defer limit.Stop()
	<-p.ended
	return p.command.ProcessState.ExitCode()
}

// sockets is a folder for control sockets, whose paths have to be short.
func sockets(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// runWeb runs a pod and its service on one node, at a node port.
func runWeb(t *testing.T, sockets string, args ...string) (p *process, port int) {
	t.Helper()
	return runWebBy(t, nil, sockets, args...)
}

func runWebBy(t *testing.T, by []string, sockets string, args ...string) (p *process, port int) {
	t.Helper()
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	port = listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	path := filepath.Join(t.TempDir(), "web.yaml")
	text := fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: web, image: web, ports: [{containerPort: 300}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{nodePort: %d, port: 82, targetPort: 300}]}
`, port)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"run", "-f", path, "--nodes=1", "--cluster-ips=false", fmt.Sprintf("--node-port-range=%d-%[1]d", port)}, args...)
	return startProcessBy(t, by, sockets, args...), port
}

// talk opens a connection that the stand-in answers, and that does not end.
func talk(t *testing.T, port int) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp4", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	say(t, conn, "hello\n")
	return conn
}

func say(t *testing.T, conn net.Conn, line string) {
	t.Helper()
	if _, err := io.WriteString(conn, line); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len(line))
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != line {
		t.Fatalf("read %q, %v", answer, err)
	}
}

// echo is the address of an application that says what it hears.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
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
			go func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

// ended waits until a connection has ended.
func ended(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection did not end: %v", err)
	}
}

func TestCtrlCLetsConnectionsEndAndASecondOneCutsThem(t *testing.T) {
	p, port := runWeb(t, sockets(t), "--drain=1h")
	p.await(`pods  web`)
	conn := talk(t, port)
	p.interrupt()
	p.await(`note: connections are open still, which have 1h0m0s to end; Ctrl-C cuts them now`)
	say(t, conn, "still here\n")
	p.interrupt()
	if code := p.code(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, &p.out)
	}
	ended(t, conn)
}

func TestATerminalThatIsStuckStopsNobody(t *testing.T) {
	p, port := runWeb(t, sockets(t), "--access-log", "--backend=web="+echo(t))
	p.await(`pods  web`)
	const clients = 4000 // whose lines are more than pipes hold
	p.out.mu.Lock()
	goesOn := sync.OnceFunc(p.out.mu.Unlock)
	defer goesOn()
	for range clients {
		_ = talk(t, port).Close()
	}
	goesOn()
	p.interrupt()
	if code := p.code(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if told := strings.Count(p.out.String(), "→ web "); told != clients {
		t.Errorf("of %d connections it told %d", clients, told)
	}
}

func TestConnectionsAreCutWhenTheDrainIsOver(t *testing.T) {
	p, port := runWeb(t, sockets(t), "--drain=100ms")
	p.await(`pods  web`)
	conn := talk(t, port)
	p.interrupt()
	if code := p.code(); code != exitOK {
		t.Errorf("exit code %d, want %d\n%s", code, exitOK, &p.out)
	}
	if !strings.Contains(p.out.String(), "note: connections that were still open after 100ms were cut") {
		t.Errorf("it wrote\n%s", &p.out)
	}
	ended(t, conn)
}

func TestARunThatIsKilledLeavesNothingInTheWayOfTheNext(t *testing.T) {
	folder := sockets(t)
	args := []string{"--name=killed", "--exec", `web=sleep 1000 & setsid sh -c 'echo "daemon $$"; exec sleep 1000' & echo "child $!, shell $$"; wait`}
	p, _ := runWeb(t, folder, args...)
	var ends []func()
	for _, pattern := range []string{`web \| child (\d+)`, `web \| child \d+, shell (\d+)`, `web \| daemon (\d+)`} {
		ends = append(ends, endOf(t, p.await(pattern)))
	}
	if err := p.command.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if code := p.code(); code != -1 {
		t.Errorf("exit code %d of a process that was killed", code)
	}
	for _, end := range ends {
		end()
	}

	next, _ := runWeb(t, folder, args...)
	next.await(`web \| child (\d+)`)
	get := startProcess(t, folder, "get", "--local=killed", "-o", "name")
	if code := get.code(); code != exitOK || get.out.String() != "service/web\n" {
		t.Errorf("get ended with code %d and wrote %q", code, get.out.String())
	}
	next.interrupt()
	if code := next.code(); code != exitOK {
		t.Errorf("exit code %d of the next run\n%s", code, &next.out)
	}
}

// endOf returns what waits for the end of a process that is no child.
func endOf(t *testing.T, pid string) func() {
	t.Helper()
	number, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(number, 0)
	if err != nil {
		t.Skipf("skipped: no descriptor of a process can be had: %v", err)
	}
	return func() {
		defer unix.Close(fd)
		polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for {
			n, err := unix.Poll(polled, int(time.Minute/time.Millisecond))
			if errors.Is(err, unix.EINTR) {
				continue
			}
			if n != 1 || err != nil {
				t.Errorf("process %d lives on: %v", number, err)
				_ = syscall.Kill(number, syscall.SIGKILL)
			}
			return
		}
	}
}

func TestWhatIsAppliedIsSavedHoweverTheRunEnds(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			folder, saved := sockets(t), filepath.Join(t.TempDir(), "saved")
			p, port := runWeb(t, folder, "--save", saved)
			p.await(`pods  web`)
			applied := filepath.Join(t.TempDir(), "applied.yaml")
			text := fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, sessionAffinity: ClientIP, ports: [{nodePort: %d, port: 82, targetPort: 300}]}
`, port)
			if err := os.WriteFile(applied, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			apply := startProcess(t, folder, "apply", "-f", applied, "--local")
			if code := apply.code(); code != exitOK {
				t.Fatalf("apply ended with code %d\n%s", code, &apply.out)
			}
			if err := p.command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			p.code()
			get := startProcess(t, folder, "get", "-f", saved, "-o", "name")
			if code := get.code(); code != exitOK || !strings.HasPrefix(get.out.String(), "service/web\n") {
				t.Errorf("get ended with code %d and wrote %q", code, get.out.String())
			}
		})
	}
}
