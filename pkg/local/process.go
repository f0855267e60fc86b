package local

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

const (
	// grace is how long a command may take to end when it is asked to.
	grace = 5 * time.Second
	// The wait before a command is started again doubles from the first to the
	// last, and begins anew after one that ran for long.
	firstWait, lastWait, longRun = time.Second, time.Minute, 10 * time.Second
)

// process is a command that stands for a pod, started again whenever it ends.
type process struct {
	stand *stand
	line  string
	env   []string
	pod   *corev1.Pod
	pool  *portPool
	// supervisor is the command that runs another; see [Options].
	supervisor []string
	tell       func(kind EventKind, message string)
	// kill is closed when the command is not to be waited for.
	kill     chan struct{}
	killOnce sync.Once
	ended    chan struct{}

	mu sync.Mutex
	// ports are where the command is to listen, by the ports of the pod; main
	// is for those that the pod does not declare.
	ports map[uint16]uint16
	main  uint16
}

// newProcess prepares a command; run runs it.
func (c *Cluster) newProcess(s *stand, line string) *process {
	ref := snapshot.RefOf("Pod", s.pod)
	p := &process{
		stand: s, line: line, pod: s.pod, pool: c.ports, supervisor: c.options.Supervisor,
		kill: make(chan struct{}), ended: make(chan struct{}),
		tell: func(kind EventKind, message string) { c.tell(Event{Kind: kind, Object: ref, Message: message}) },
	}
	p.env = append(os.Environ(), "HOST=127.0.0.1", "POD_NAME="+s.pod.Name, "POD_NAMESPACE="+s.pod.Namespace,
		"POD_IP="+s.pod.Status.PodIP, "NODE_NAME="+s.pod.Spec.NodeName)
	return p
}

// takePorts takes a port for each that the pod declares, unless the command has
// its ports already.
func (p *process) takePorts() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.main != 0 {
		return nil
	}
	p.ports = map[uint16]uint16{}
	for _, port := range declared(p.pod) {
		number := uint16(port.ContainerPort)
		if p.ports[number] != 0 {
			continue // the same number for another protocol
		}
		free, err := p.pool.take()
		if err != nil {
			p.releasePorts()
			return err
		}
		p.ports[number] = free
		p.main = cmp.Or(p.main, free)
	}
	if p.main == 0 {
		var err error
		p.main, err = p.pool.take()
		return err
	}
	return nil
}

// giveBackPorts has the command get other ports when it starts again.
func (p *process) giveBackPorts() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.releasePorts()
}

func (p *process) releasePorts() {
	for _, port := range p.ports {
		p.pool.giveBack(port)
	}
	p.pool.giveBack(p.main)
	p.ports, p.main = nil, 0
}

// environment is that of the command. PORT is the first port that the pod
// declares; each that has a name is PORT_NAME as well.
func (p *process) environment() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	env := slices.Clone(p.env)
	for _, port := range declared(p.pod) {
		if port.Name != "" {
			env = append(env, "PORT_"+variable(port.Name)+"="+strconv.Itoa(int(p.ports[uint16(port.ContainerPort)])))
		}
	}
	return append(env, "PORT="+strconv.Itoa(int(p.main)))
}

// declared are the ports that a pod declares.
func declared(pod *corev1.Pod) []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for i := range pod.Spec.Containers {
		ports = append(ports, pod.Spec.Containers[i].Ports...)
	}
	return ports
}

// variable is a port's name as that of a variable.
func variable(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '.' {
			return '_'
		}
		return unicode.ToUpper(r)
	}, name)
}

func (p *process) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.main == 0 {
		return "command"
	}
	return "port " + strconv.Itoa(int(p.main))
}

func (p *process) stop() { <-p.ended }

// hurry has a command that is ending end at once.
func (p *process) hurry() { p.killOnce.Do(func() { close(p.kill) }) }

func (p *process) dial(ctx context.Context, network string, port uint16, _ *caller) (net.Conn, error) {
	to, _ := p.listens(port)
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, to.String())
}

func (p *process) listens(port uint16) (netip.AddrPort, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	to, ok := p.ports[port]
	if !ok {
		to = p.main
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), to), true
}

// run keeps the command running until ctx is done.
func (p *process) run(ctx context.Context) {
	defer close(p.ended)
	defer p.giveBackPorts()
	wait := firstWait
	for {
		started := time.Now()
		err := p.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(started) > longRun {
			wait = firstWait
		}
		message := "it has ended"
		if err != nil {
			message = "it has ended: " + err.Error()
		}
		p.stand.set(runs, message)
		if !p.stand.wasReady() { // another program may have its port
			p.giveBackPorts()
		}
		p.tell(CommandEnded, fmt.Sprintf("%s; it is started again in %s", message, wait))
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, lastWait)
	}
}

// once runs the command, and ends with it whatever it has started.
func (p *process) once(ctx context.Context) error {
	if err := p.takePorts(); err != nil {
		return err
	}
	command := p.command(ctx)
	command.Env = p.environment()
	lines := &lineWriter{tell: func(line string) { p.tell(Log, line) }}
	command.Stdout, command.Stderr = lines, lines
	command.WaitDelay = grace
	if len(p.supervisor) > 0 {
		command.WaitDelay = 2 * grace // it keeps the grace by itself
	}
	family, err := start(command, len(p.supervisor) > 0)
	if err != nil {
		return err
	}
	p.tell(CommandStarted, p.line)
	p.stand.started()
	over := make(chan struct{})
	go func() {
		select {
		case <-p.kill:
			family.kill()
		case <-over:
		}
	}()
	err = command.Wait()
	close(over)
	family.end()
	lines.flush()
	return err
}

// command is what the system starts: a shell, or a supervisor of one.
func (p *process) command(ctx context.Context) *exec.Cmd {
	if len(p.supervisor) == 0 {
		return shell(ctx, p.line)
	}
	return exec.CommandContext(ctx, p.supervisor[0], append(slices.Clone(p.supervisor[1:]), p.line)...)
}

// lineWriter tells what is written line by line.
type lineWriter struct {
	tell func(string)
	rest []byte
}

// longestLine is what is told as one line at most.
const longestLine = 64 << 10

// Write implements io.Writer.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found && len(w.rest) < longestLine {
			return len(p), nil
		}
		w.tell(strings.TrimSuffix(string(line), "\r"))
		w.rest = append([]byte(nil), rest...)
	}
}

func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.tell(string(w.rest))
		w.rest = nil
	}
}
