// Package engine executes a route table: it opens the table's node ports on
// the table's node addresses and leads what arrives there to the endpoints, by
// the rules of kube-proxy. It knows nothing of Kubernetes' clients; whoever
// wants other addresses, or fewer nodes, gives it a table that says so.
package engine

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// Engine executes route tables, one after the other.
type Engine struct {
	options Options
	// ending is done when what is left is to be cut.
	ending context.Context
	cut    context.CancelFunc
	open   connections
	// loops serve connections whose endpoints are reached by sockets.
	loops loops
	// sessions are the flows of UDP; forgetting ends those that are idle.
	sessions   *sessions
	forgetting sync.Once
	// pipes bounds those that connections have.
	pipes pipeLimit
	// own are the open ports, which are no endpoints.
	own ownSockets
	// buffers are for all streams.
	buffers buffers
	// healthClients has an element for each client of a health check node port.
	healthClients chan struct{}

	// closing is true from the beginning of Shutdown on: no more ports are opened.
	closing atomic.Bool

	mu      sync.Mutex
	planned *plan
	ports   map[socket]*port
	stopped bool
	// retrying waits to try those ports again that could not be opened; nil
	// while there is none.
	retrying *time.Timer
}

// SpareProcessor lets the Go runtime use a processor more than there are. A
// program calls it once, before anything else, in which engines are to use all
// of them: the runtime takes the processor of every system call that waits,
// thousands of times a second, unless it finds one idle (runtime/proc.go,
// retake), and so an engine on Linux leaves it one.
func SpareProcessor() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) }

// New makes an engine that has no table yet.
func New(o Options) *Engine {
	e := &Engine{options: o.withDefaults(), planned: &plan{}, ports: map[socket]*port{}}
	e.open = connections{all: map[cutter]struct{}{}}
	e.healthClients = make(chan struct{}, healthClients)
	e.sessions = newSessions(e.options.MaxSessions, e.options.UDPIdle)
	e.makeRoom(e.planned)
	e.ending, e.cut = context.WithCancel(context.Background())
	return e
}

// Execute makes the engine serve a table from now on: it opens what is new,
// closes what is gone, and leaves alone what stays. Connections live on, also
// those of a port or an endpoint that is gone. Ports that cannot be opened are
// told as events and tried again. A service costs next to nothing whose
// endpoints are in the same slices as in the table before.
func (e *Engine) Execute(table *route.Table) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.stopped {
		e.change(newPlan(table, e.options.ClusterIPs, e.planned))
	}
}

// cutGrace is how long connections that were cut have to end.
const cutGrace = 300 * time.Millisecond

// Shutdown closes all ports and waits for the connections to end. When ctx
// ends first it cuts them, and returns its error: at once, whatever a Dialer or
// a receiver of accesses waits for.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.closing.Store(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.stop()
		<-e.open.none()
		e.cut()
		e.open.cut() // those that come later
		<-e.open.none()
		e.sessions.running.Wait()
		e.loops.close()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	e.cut()
	e.open.cut()
	grace := time.NewTimer(cutGrace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
	}
	return ctx.Err()
}

// stop closes all ports, once.
func (e *Engine) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.stopped {
		e.change(&plan{})
		e.stopped = true
	}
}

// Connections counts those of TCP and SCTP that are open.
func (e *Engine) Connections() int { return e.open.count() }

func (e *Engine) tell(event Event) {
	if e.options.Events != nil {
		e.options.Events(event)
	}
}
