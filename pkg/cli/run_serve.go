package cli

import (
	"context"
	"io"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

// lookEvery is how often files are looked at for edits. It is a stat of each.
const lookEvery = 300 * time.Millisecond

// read reads and checks the manifests. What the API server would refuse is an
// error; all else that is found is told only.
func (o *runOptions) read(ctx context.Context) (*manifest.Set, error) {
	if stdin, ok := o.source.Stdin.(io.Seeker); ok {
		_, _ = stdin.Seek(0, io.SeekStart)
	}
	set, err := manifest.Read(ctx, o.source)
	if err != nil {
		return nil, err
	}
	for _, warning := range set.Warnings {
		o.warn(warning.Error())
	}
	return set, o.check(set)
}

func (o *runOptions) check(set *manifest.Set) error {
	services := set.Services(o.namespace)
	written, _ := set.Snapshot(manifest.Defaults{Namespace: o.namespace})
	s := asWritten(written, services)
	s.NodePorts = o.machine.NodePorts
	findings, _ := check.Sift(check.Run(check.Input{Snapshot: s, Services: services, Partial: true}), services, o.ignore)
	refused := false
	for _, finding := range findings {
		if finding.Severity >= check.Warning {
			o.tellFinding(finding)
		}
		refused = refused || finding.Refused()
	}
	if refused {
		return errReported
	}
	return nil
}

// follow takes edits over and tells what happens, until ctx is done.
func (o *runOptions) follow(ctx context.Context, c *local.Cluster, teller *runTeller, events *eventQueue, stamp string) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	seen := stamp
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-events.ready:
			if err := teller.tell(events.take()); err != nil {
				return err
			}
		case <-look.C:
			now := o.source.Stamp()
			if now != stamp && now == seen { // nobody writes any more
				stamp = now
				o.reload(ctx, c)
			}
			seen = now
		}
	}
}

// awaitReady waits a moment for what was started to be ready, so that what is
// listed first is not that nothing answers yet. An application that should run
// already and does not is not waited for.
func (o *runOptions) awaitReady(ctx context.Context, teller *runTeller, events *eventQueue) {
	const patience = 3 * time.Second
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		teller.begin(events.take())
		if len(o.named()) == 0 || teller.settled() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-limit.C:
			return
		case <-events.ready:
		}
	}
}

// reload takes an edit over, unless it is broken.
func (o *runOptions) reload(ctx context.Context, c *local.Cluster) {
	set, err := o.read(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		o.report(err)
		o.say("The edit is not taken; what ran before runs on.")
		return
	}
	c.Load(set)
}
