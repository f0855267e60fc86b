package local

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Backend has running applications stand for the pods of a name.
type Backend struct {
	// Name is that of a pod, or of the workload that makes the pods.
	Name string
	// Addresses are HOST:PORT, one for each pod in turn. All ports of a pod
	// lead there.
	Addresses []string
}

// Command has programs stand for the pods of a name.
type Command struct {
	// Name is that of a pod, or of the workload that makes the pods.
	Name string
	// Line is run by the system's shell, once for each pod.
	Line string
}

// stand is what stands for one pod, and whether that is ready.
type stand struct {
	backend backend
	pod     *corev1.Pod
	cancel  context.CancelFunc
	// changed is called when the pod becomes ready, or no longer is.
	changed func()
	// waits is called with the reason when the pod is waited for.
	waits func(message string)
	// patience is how many looks may find the pod not ready before that is told.
	patience int
	checks   []*readiness

	mu sync.Mutex
	// failing is what keeps the pod from being ready, by what looks.
	failing map[string]string
	// hasBeenReady reports that the pod was ready since its backend has started.
	hasBeenReady bool
}

func (s *stand) ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.failing) == 0
}

// wasReady reports whether the pod was ready since its backend has started.
func (s *stand) wasReady() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hasBeenReady
}

// reason is why the pod is not ready; empty when it is.
func (s *stand) reason() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reason := s.failing[runs]; reason != "" {
		return reason
	}
	for _, who := range slices.Sorted(maps.Keys(s.failing)) {
		return s.failing[who]
	}
	return ""
}

// set notes why somebody who looks thinks that the pod is not ready; empty when
// it is.
func (s *stand) set(who, reason string) {
	s.mu.Lock()
	before := len(s.failing) == 0
	if reason == "" {
		delete(s.failing, who)
	} else {
		s.failing[who] = reason
	}
	after := len(s.failing) == 0
	s.hasBeenReady = s.hasBeenReady || after
	s.mu.Unlock()
	if before != after {
		s.changed()
	}
}

// started has the looks at the pod begin anew: what stands for it has started.
func (s *stand) started() {
	s.mu.Lock()
	s.hasBeenReady = false
	for _, check := range s.checks {
		s.failing[check.who] = notYet
	}
	s.mu.Unlock()
	for _, check := range s.checks {
		select {
		case check.anew <- struct{}{}:
		default: // it has not begun yet
		}
	}
	s.set(runs, "")
}

// overdue tells that the pod is waited for. Of a command that has ended the
// user knows.
func (s *stand) overdue() {
	s.mu.Lock()
	_, ended := s.failing[runs]
	s.mu.Unlock()
	reason := s.reason()
	if _, ok := s.backend.(*process); ok && strings.HasPrefix(reason, nobodyListens) {
		reason += "; the command is to listen on its PORT"
	}
	if reason != "" && !ended {
		s.waits(reason)
	}
}

// delayed tells that the pod is not looked at before a while that is felt.
func (s *stand) delayed(delay time.Duration) {
	if delay > time.Second {
		s.waits(fmt.Sprintf("its readiness probe begins after %s (initialDelaySeconds)", delay))
	}
}

func (s *stand) stop() {
	s.cancel()
	s.backend.stop()
}

// hurry ends what takes its time to stop.
func (s *stand) hurry() {
	if p, ok := s.backend.(*process); ok {
		p.hurry()
	}
}

// backend takes the connections of a pod.
type backend interface {
	// dial connects to a port of the pod for somebody.
	dial(ctx context.Context, network string, port uint16, from *caller) (net.Conn, error)
	// String says what it is in a few words, such as "stand-in".
	String() string
	// stop ends it, and returns when it has ended.
	stop()
}

// listener is a backend that may as well be dialed by others.
type listener interface {
	// listens returns where a port of the pod is asked; false when only dial knows.
	listens(port uint16) (netip.AddrPort, bool)
}

// standFor has something stand for each pod that runs, and ends what stands
// for others.
func (c *Cluster) standFor(s *snapshot.Snapshot) {
	running := map[snapshot.Ref]bool{}
	replicas := map[string]int{}
	for _, pod := range s.Pods {
		if pod.Status.Phase != corev1.PodRunning {
			continue
		}
		ref := snapshot.RefOf("Pod", pod)
		running[ref] = true
		name := c.nameFor(s, pod)
		replica := replicas[name]
		replicas[name]++
		if known := c.stands[ref]; known != nil && sameSpec(known.pod, pod) {
			continue
		} else if known != nil {
			known.stop()
		}
		c.stands[ref] = c.newStand(pod, name, replica)
	}
	for ref, s := range c.stands {
		if !running[ref] {
			s.stop()
			delete(c.stands, ref)
		}
	}
}

// nameFor is the name by which the options know a pod: its own, or that of its
// workload; empty for neither.
func (c *Cluster) nameFor(s *snapshot.Snapshot, pod *corev1.Pod) string {
	owner, _ := s.OwnerOf(pod)
	for _, name := range []string{pod.Name, owner.Name} {
		if c.backendOf(name) != nil || c.commandOf(name) != nil {
			return name
		}
	}
	return ""
}

func (c *Cluster) backendOf(name string) *Backend {
	i := slices.IndexFunc(c.options.Backends, func(b Backend) bool { return b.Name == name })
	if i < 0 || name == "" {
		return nil
	}
	return &c.options.Backends[i]
}

func (c *Cluster) commandOf(name string) *Command {
	i := slices.IndexFunc(c.options.Commands, func(b Command) bool { return b.Name == name })
	if i < 0 || name == "" {
		return nil
	}
	return &c.options.Commands[i]
}

// newStand has something stand for a pod. It is ready at once when it is a
// stand-in of the run's own, which answers all probes.
func (c *Cluster) newStand(pod *corev1.Pod, name string, replica int) *stand {
	ctx, cancel := context.WithCancel(context.Background())
	s := &stand{pod: pod, cancel: cancel, changed: c.readinessChanged, failing: map[string]string{}}
	s.waits = func(message string) {
		c.tell(Event{Kind: PodWaiting, Object: snapshot.RefOf("Pod", pod), Message: message})
	}
	command, backend := c.commandOf(name), c.backendOf(name)
	if command == nil && backend == nil {
		s.backend = &standIn{c.answers}
		return s
	}
	s.checks = c.checksOf(pod)
	if command != nil {
		const toStart = 3 // looks that a command may take, 0.6 s
		s.patience, s.failing[runs] = toStart, "it has not started yet"
		process := c.newProcess(s, command.Line)
		s.backend = process
		go process.run(ctx) // which says when it has started
	} else {
		s.patience, s.backend = 1, addressed{backend.Addresses[replica%len(backend.Addresses)]}
		s.started()
	}
	for _, check := range s.checks {
		go check.run(ctx, s)
	}
	return s
}

// readinessChanged lets the table follow.
func (c *Cluster) readinessChanged() {
	go func() { // whoever looks may be asked to stop by one who holds the lock
		c.mu.Lock()
		defer c.mu.Unlock()
		c.refresh()
	}()
}

// sameSpec tells whether two pods want the same of what stands for them.
func sameSpec(a, b *corev1.Pod) bool {
	return slices.EqualFunc(a.Spec.Containers, b.Spec.Containers, func(a, b corev1.Container) bool {
		return a.Name == b.Name && equality.Semantic.DeepEqual(a.Ports, b.Ports) && equality.Semantic.DeepEqual(a.ReadinessProbe, b.ReadinessProbe)
	}) && a.Spec.NodeName == b.Spec.NodeName && a.Status.PodIP == b.Status.PodIP
}

// addressed is an application that runs already.
type addressed struct{ address string }

func (a addressed) String() string { return a.address }
func (addressed) stop()            {}

func (a addressed) dial(ctx context.Context, network string, _ uint16, _ *caller) (net.Conn, error) {
	dialer := net.Dialer{KeepAlive: time.Minute}
	return dialer.DialContext(ctx, network, a.address)
}

func (a addressed) listens(uint16) (netip.AddrPort, bool) {
	at, err := netip.ParseAddrPort(a.address)
	return at, err == nil
}
