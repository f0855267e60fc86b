//go:build linux

package cli

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// muteServer is an API server that takes connections and answers nothing.
// Each connection is told to accepted.
func muteServer(t *testing.T) (address string, accepted <-chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	connections := make(chan struct{}, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			notify(connections)
		}
	}()
	return "http://" + listener.Addr().String(), connections
}

// program is the program as a process with the streams of a test.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), asProgram+"=1", "XDG_RUNTIME_DIR="+sockets(t), "KUBECONFIG="+filepath.Join(t.TempDir(), "none"))
	return command
}

// start starts a process and returns what waits for its exit code.
func start(t *testing.T, command *exec.Cmd) (ended <-chan int) {
	t.Helper()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	codes := make(chan int, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = command.Wait() // the exit code tells
		codes <- command.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-done
	})
	return codes
}

// endsBy sends a signal, and expects the exit code that goes with it.
func endsBy(t *testing.T, command *exec.Cmd, ended <-chan int, signal syscall.Signal, want int) {
	t.Helper()
	if err := command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-ended:
		if code != want {
			t.Errorf("exit code %d, want %d", code, want)
		}
	case <-time.After(20 * time.Second): // against a hang; it takes less than one
		t.Errorf("it still runs long after %s", signal)
	}
}

// manifestFile is a service with a pod in a file.
func manifestFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yaml")
	text := `{apiVersion: v1, kind: Pod, metadata: {name: web, labels: {app: web}}, spec: {containers: [{name: web, image: web}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort, selector: {app: web}, ports: [{port: 82, nodePort: 30033}]}}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// leaves are all commands that do something.
func leaves(cmd *cobra.Command) []string {
	if !cmd.HasSubCommands() {
		return []string{cmd.Name()}
	}
	var names []string
	for _, child := range cmd.Commands() {
		names = append(names, leaves(child)...)
	}
	return names
}

// waiting are command lines of each command that wait for an API server, and
// those that wait for a standard input which never ends. A command with
// neither has none.
func waiting(file string) (server, stdin map[string][]string) {
	server = map[string][]string{
		"create": {"deploy/web", "--port", "82"}, "apply": {"-f", file}, "get": {}, "expose-check": {}, "ports": {}, "forward": {}, "version": {},
		"run": nil, "options": nil, "completion": nil, "help": nil,
	}
	stdin = map[string][]string{
		"apply": {"-f", "-"}, "get": {"-f", "-"}, "expose-check": {"--static", "-f", "-"}, "ports": {"-f", "-"}, "run": {"-f", "-"},
	}
	return server, stdin
}

func TestASignalEndsEveryCommandThatWaitsForTheAPIServer(t *testing.T) {
	server, _ := waiting(manifestFile(t))
	for _, name := range leaves(Root(genericiooptions.NewTestIOStreamsDiscard())) {
		args, known := server[name]
		if !known {
			t.Errorf("the test knows no command %q", name)
		}
		if args == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			address, accepted := muteServer(t)
			command := program(t, append([]string{name, "--server", address}, args...)...)
			ended := start(t, command)
			select {
			case <-accepted:
			case code := <-ended:
				t.Fatalf("it ended with code %d", code)
			}
			endsBy(t, command, ended, syscall.SIGINT, exitInterrupted)
		})
	}
}

func TestASignalEndsEveryCommandThatReadsItsInput(t *testing.T) {
	_, stdin := waiting("")
	for name, args := range stdin {
		t.Run(name, func(t *testing.T) {
			command := program(t, append([]string{name}, args...)...)
			input, err := command.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			ended := start(t, command)
			const more = 256 << 10 // than a pipe holds, so that it was read when it is written
			if _, err := input.Write(bytes.Repeat([]byte("#\n"), more/2)); err != nil {
				t.Fatal(err)
			}
			endsBy(t, command, ended, syscall.SIGTERM, 143)
		})
	}
}

// fullPipe is a pipe that takes nothing more and that nobody reads.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(reader.Close(), writer.Close()) })
	size, err := unix.FcntlInt(writer.Fd(), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	return writer
}

// awaitBlocked waits until a thread of a process waits for room in a pipe. The
// kernel tells nobody when that begins, so it is asked.
func awaitBlocked(t *testing.T, command *exec.Cmd) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		threads, _ := filepath.Glob("/proc/" + strconv.Itoa(command.Process.Pid) + "/task/*/wchan")
		for _, thread := range threads {
			where, _ := os.ReadFile(thread)
			if strings.HasSuffix(string(where), "pipe_write") {
				return
			}
			if string(where) == "0" && os.Getuid() != 0 {
				t.Skip("skipped: this kernel does not say where a process waits")
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never waited for room in the pipe")
}

func TestASignalEndsEveryCommandWhoseOutputNobodyReads(t *testing.T) {
	file := manifestFile(t)
	args := map[string][]string{
		"create":       {"--dry-run=client", "deploy/web", "--port", "82", "--server", "http://127.0.0.1:1"},
		"apply":        {"-f", file, "--server", "http://127.0.0.1:1"},
		"get":          {"-f", file},
		"expose-check": {"--static", "-f", file}, "ports": {"-f", file}, "version": {"--client"}, "options": {}, "completion": {"bash"}, "help": {},
		"run":     {"-f", file, "--cluster-ips=false", "--nodes=1", "--exec", "web=yes"},
		"forward": {"--server", "http://127.0.0.1:1"},
	}
	for _, name := range leaves(Root(genericiooptions.NewTestIOStreamsDiscard())) {
		line, known := args[name]
		if !known {
			t.Errorf("the test knows no command %q", name)
		}
		t.Run(name, func(t *testing.T) {
			command := program(t, append([]string{name}, line...)...)
			command.Stdout = fullPipe(t)
			command.Stderr = command.Stdout
			ended := start(t, command)
			awaitBlocked(t, command)
			want := exitInterrupted
			if name == "run" {
				want = exitOK
			}
			endsBy(t, command, ended, syscall.SIGINT, want)
		})
	}
}

func TestSIGHUPEndsACommandUnlessItIsIgnored(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("skipped: the tests run where SIGHUP is ignored, as under nohup")
	}
	address, accepted := muteServer(t)
	command := program(t, "get", "--server", address)
	ended := start(t, command)
	<-accepted
	endsBy(t, command, ended, syscall.SIGHUP, 129)

	address, accepted = muteServer(t)
	line := program(t, "get", "--server", address)
	shell := exec.Command("/bin/sh", append([]string{"-c", `trap '' HUP; exec "$0" "$@"`}, line.Args...)...)
	shell.Env = line.Env
	ended = start(t, shell)
	<-accepted
	if err := shell.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	endsBy(t, shell, ended, syscall.SIGTERM, 143)
}

func TestASecondSignalEndsARunWhoseCommandDoesNot(t *testing.T) {
	p, _ := runWeb(t, sockets(t), "--drain=1h", `--exec=web=trap "" TERM; sleep 1000`)
	p.await(`pods  web`)
	p.interrupt()
	p.await(`note: waiting for the commands to end`)
	p.interrupt()
	if code := p.code(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, &p.out)
	}
}
