package local

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// runs is who looks whether the command of a pod runs.
const runs = "command"

// notYet is why a pod is not ready that nobody has looked at.
const notYet = "it was not found ready yet"

// firstPause is how soon a pod is looked at again that is not ready. The pause
// doubles each time until it is the probe's period. A kubelet's is the period
// at once; here somebody waits for an application that starts.
const firstPause = 200 * time.Millisecond

// readiness is one look at a pod, again and again, as a kubelet has it
// (k8s.io/kubernetes pkg/kubelet/prober/worker.go), but for [firstPause].
type readiness struct {
	// who names it among those of the pod.
	who                    string
	delay, period, timeout time.Duration
	// success and failure are how often in a row it takes to change the result.
	success, failure int
	try              func(ctx context.Context, b backend) error
	// anew has an element when what is looked at has started.
	anew chan struct{}
}

// checksOf are the probes of a pod's containers. A pod without any is ready
// when it takes connections.
func (c *Cluster) checksOf(pod *corev1.Pod) []*readiness {
	var checks []*readiness
	probed := false
	for i := range pod.Spec.Containers {
		container := &pod.Spec.Containers[i]
		if container.ReadinessProbe == nil {
			continue
		}
		probed = true
		try, problem := tryOf(pod, container)
		if problem != "" {
			c.skip(pod, container.Name, problem)
			continue
		}
		checks = append(checks, newReadiness(container.Name, container.ReadinessProbe, try))
	}
	if port := firstPort(pod); !probed && port != 0 {
		checks = append(checks, &readiness{
			who: "port", period: time.Second, timeout: time.Second, success: 1, failure: 1, try: tryTCP(port),
			anew: make(chan struct{}, 1),
		})
	}
	return checks
}

// newReadiness fills in what the API server would (k8s.io/kubernetes
// pkg/apis/core/v1/defaults.go, SetDefaults_Probe).
func newReadiness(who string, probe *corev1.Probe, try func(context.Context, backend) error) *readiness {
	seconds := func(given, otherwise int32) time.Duration {
		return time.Duration(cmp.Or(max(given, 0), otherwise)) * time.Second
	}
	return &readiness{
		who: who, try: try, anew: make(chan struct{}, 1),
		delay: seconds(probe.InitialDelaySeconds, 0), period: seconds(probe.PeriodSeconds, 10), timeout: seconds(probe.TimeoutSeconds, 1),
		success: int(cmp.Or(max(probe.SuccessThreshold, 0), 1)), failure: int(cmp.Or(max(probe.FailureThreshold, 0), 3)),
	}
}

// skip tells once that a probe is not made.
func (c *Cluster) skip(pod *corev1.Pod, container, problem string) {
	ref := snapshot.RefOf("Pod", pod)
	if !c.skipped[ref] {
		c.skipped[ref] = true
		c.tell(Event{Kind: ProbeSkipped, Object: ref, Message: fmt.Sprintf("the readiness probe of container %s %s; it is taken as ready", container, problem)})
	}
}

// tryOf is what a probe does, or why it cannot be made here.
func tryOf(pod *corev1.Pod, container *corev1.Container) (try func(context.Context, backend) error, problem string) {
	probe := container.ReadinessProbe
	var port uint16
	switch {
	case probe.HTTPGet != nil:
		port = portOf(container, probe.HTTPGet.Port)
	case probe.TCPSocket != nil:
		port = portOf(container, probe.TCPSocket.Port)
	case probe.GRPC != nil:
		port = uint16(probe.GRPC.Port)
	case probe.Exec != nil:
		return nil, "runs a command in the container, which there is none of here"
	}
	switch {
	case port == 0:
		return nil, "names no port of the container"
	case probe.HTTPGet != nil:
		return tryHTTP(pod, port, probe.HTTPGet), ""
	case probe.TCPSocket != nil:
		return tryTCP(port), ""
	}
	return tryGRPC(port, probe.GRPC), ""
}

// portOf is the number of a probe's port; 0 for a name that there is none of.
func portOf(container *corev1.Container, port intstr.IntOrString) uint16 {
	if port.Type == intstr.Int {
		return uint16(port.IntVal)
	}
	i := slices.IndexFunc(container.Ports, func(p corev1.ContainerPort) bool { return p.Name == port.StrVal })
	if i < 0 {
		return 0
	}
	return uint16(container.Ports[i].ContainerPort)
}

// firstPort is the first TCP port that a pod declares; 0 for none.
func firstPort(pod *corev1.Pod) uint16 {
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Protocol == "" || port.Protocol == corev1.ProtocolTCP {
				return uint16(port.ContainerPort)
			}
		}
	}
	return 0
}

// run looks until ctx is done, from when what stands for the pod has started.
func (r *readiness) run(ctx context.Context, s *stand) {
	next := time.NewTimer(r.delay)
	defer next.Stop()
	next.Stop()
	var looks looks
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.anew:
			looks = newLooks(r, s.patience)
			s.set(r.who, notYet)
			s.delayed(r.delay)
			next.Reset(r.delay)
			continue
		case <-next.C:
		}
		err := r.once(ctx, s.backend)
		if ctx.Err() != nil {
			return
		}
		next.Reset(looks.saw(err))
		switch {
		case looks.ready:
			s.set(r.who, "")
		case err != nil:
			s.set(r.who, wordsOf(err))
			if looks.overdue() {
				s.overdue()
			}
		}
	}
}

// looks is what was seen of a pod since what stands for it has started.
type looks struct {
	*readiness
	ready bool
	// inARow counts the looks that say otherwise than ready does.
	inARow int
	// missed counts those before the pod was first ready, of which patience is
	// how many are no news.
	missed, patience int
	pause            time.Duration
}

func newLooks(r *readiness, patience int) looks { return looks{readiness: r, patience: patience} }

// overdue tells, of the last look alone, that patience ends with it.
func (l *looks) overdue() bool { return l.missed == l.patience }

// saw takes in what a look met, and returns how long to wait for the next.
func (l *looks) saw(err error) time.Duration {
	if (err == nil) == l.ready {
		l.inARow = 0
	} else {
		l.inARow++
	}
	switch {
	case err == nil && !l.ready && l.inARow >= l.success:
		l.ready, l.inARow, l.missed = true, 0, l.patience
	case err != nil && l.ready && l.inARow >= l.failure:
		l.ready, l.inARow, l.pause = false, 0, 0
	}
	if err == nil || l.ready {
		return l.period
	}
	l.missed++
	l.pause = min(max(2*l.pause, firstPause), l.period)
	return l.pause
}

func (r *readiness) once(ctx context.Context, b backend) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	return r.try(ctx, b)
}

func tryTCP(port uint16) func(context.Context, backend) error {
	return func(ctx context.Context, b backend) error {
		conn, err := dialProbe(ctx, b, port)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

func dialProbe(ctx context.Context, b backend, port uint16) (net.Conn, error) {
	return b.dial(ctx, "tcp", port, &caller{probe: true})
}
