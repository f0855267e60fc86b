package local

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
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
	// ports are where the command is to listen, by the ports of the pod; main
	// stands for those that the pod does not declare.
	ports map[uint16]uint16
	main  uint16
	tell  func(kind EventKind, message string)
	ended chan struct{}
}

// newProcess prepares a command; run runs it.
func (c *Cluster) newProcess(s *stand, line string) *process {
	ref := snapshot.RefOf("Pod", s.pod)
	p := &process{
		stand: s, line: line, ports: map[uint16]uint16{}, ended: make(chan struct{}),
		tell: func(kind EventKind, message string) { c.tell(Event{Kind: kind, Object: ref, Message: message}) },
	}
	p.env = append(os.Environ(), "HOST=127.0.0.1", "POD_NAME="+s.pod.Name, "POD_NAMESPACE="+s.pod.Namespace,
		"POD_IP="+s.pod.Status.PodIP, "NODE_NAME="+s.pod.Spec.NodeName)
	p.choosePorts(s.pod)
	return p
}

// choosePorts chooses a free port for each that the pod declares. PORT is the
// first of them; each that has a name is PORT_NAME as well.
func (p *process) choosePorts(pod *corev1.Pod) {
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if p.ports[uint16(port.ContainerPort)] != 0 {
				continue // the same number for another protocol
			}
			free := freePortFor(port.Protocol)
			p.ports[uint16(port.ContainerPort)] = free
			if p.main == 0 {
				p.main = free
			}
			if port.Name != "" {
				p.env = append(p.env, "PORT_"+variable(port.Name)+"="+strconv.Itoa(int(free)))
			}
		}
	}
	if p.main == 0 {
		p.main = freePortFor(corev1.ProtocolTCP)
	}
	p.env = append(p.env, "PORT="+strconv.Itoa(int(p.main)))
}

// freePortFor is a port that nothing listens on now; 0 when there is none.
func freePortFor(protocol corev1.Protocol) uint16 {
	loopback := net.IPv4(127, 0, 0, 1)
	if protocol == corev1.ProtocolUDP {
		if conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: loopback}); err == nil {
			defer conn.Close()
			return addrPortOf(conn.LocalAddr())
		}
		return 0
	}
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: loopback})
	if err != nil {
		return 0
	}
	defer listener.Close()
	return addrPortOf(listener.Addr())
}

func addrPortOf(addr net.Addr) uint16 {
	_, digits, _ := net.SplitHostPort(addr.String())
	port, _ := strconv.ParseUint(digits, 10, 16)
	return uint16(port)
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

func (p *process) String() string { return "port " + strconv.Itoa(int(p.main)) }

func (p *process) stop() { <-p.ended }

func (p *process) dial(ctx context.Context, network string, port uint16, _ *caller) (net.Conn, error) {
	to, _ := p.listens(port)
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, to.String())
}

func (p *process) listens(port uint16) (netip.AddrPort, bool) {
	to, ok := p.ports[port]
	if !ok {
		to = p.main
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), to), true
}

// run keeps the command running until ctx is done.
func (p *process) run(ctx context.Context) {
	defer close(p.ended)
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
	command := shell(ctx, p.line)
	command.Env = p.env
	lines := &lineWriter{tell: func(line string) { p.tell(Log, line) }}
	command.Stdout, command.Stderr = lines, lines
	command.WaitDelay = grace
	family, err := start(command)
	if err != nil {
		return err
	}
	p.tell(CommandStarted, p.line)
	p.stand.started()
	err = command.Wait()
	family.end()
	lines.flush()
	return err
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
