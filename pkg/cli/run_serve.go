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
// error; all else that is found is told only, and faulty tells that there are
// errors among it.
func (o *runOptions) read(ctx context.Context) (set *manifest.Set, faulty bool, err error) {
	if stdin, ok := o.source.Stdin.(io.Seeker); ok {
		_, _ = stdin.Seek(0, io.SeekStart)
	}
	set, err = manifest.Read(ctx, o.source)
	if err != nil {
		return nil, false, err
	}
	for _, warning := range set.Warnings {
		o.warn(warning.Error())
	}
	faulty, err = o.check(set)
	return set, faulty, err
}

func (o *runOptions) check(set *manifest.Set) (faulty bool, err error) {
	services := set.Services(o.namespace)
	written, _ := set.Snapshot(manifest.Defaults{Namespace: o.namespace})
	s := asWritten(written, services)
	s.NodePorts = o.machine.NodePorts
	findings, _ := check.Sift(check.Run(check.Input{Snapshot: s, Services: services, Partial: true}), services, o.ignore, check.Error)
	for _, finding := range findings {
		if finding.Severity >= check.Warning {
			o.tellFinding(finding)
		}
		if finding.Refused() {
			err = errReported
		}
		faulty = faulty || finding.Stops()
	}
	return faulty, err
}

// follow takes edits over and tells what happens, until ctx is done.
func (o *runOptions) follow(ctx context.Context, c *local.Cluster, teller *runTeller, events *eventQueue[local.Event], out *outlet, stamp string) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	seen, broken := stamp, false
	for {
		ready := events.ready
		if out.busy() {
			ready = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-out.progress: // it may be busy no more
		case <-ready:
			if err := teller.tell(events.take()); err != nil {
				return err
			}
		case <-look.C:
			now := o.source.Stamp()
			if now != stamp && now == seen { // nobody writes any more
				stamp = now
				broken = !o.reload(ctx, c, broken)
			}
			seen = now
		}
	}
}

// awaitReady waits a moment for what was started to be ready, so that what is
// listed first is not that nothing answers yet. An application that should run
// already and does not is not waited for.
func (o *runOptions) awaitReady(ctx context.Context, teller *runTeller, events *eventQueue[local.Event], out *outlet) {
	const patience = 3 * time.Second
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		teller.begin(events.take())
		if len(o.named()) == 0 || teller.settled() {
			return
		}
		ready := events.ready
		if out.busy() {
			ready = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-limit.C:
			return
		case <-out.progress:
		case <-ready:
		}
	}
}

// reload takes an edit over, unless it is broken, and says what became of it
// where that is not clear: taken tells that it was. before tells that the edit
// before was broken.
func (o *runOptions) reload(ctx context.Context, c *local.Cluster, before bool) (taken bool) {
	set, faulty, err := o.read(ctx)
	switch {
	case ctx.Err() != nil:
		return true
	case err != nil:
		o.report(err)
		o.say("The edit is not taken; what ran before runs on.")
		return false
	}
	c.Load(set)
	switch {
	case faulty:
		o.say("The edit is taken all the same, as a cluster would take it.")
	case before:
		o.say("The edit is taken; what is wrong with the files is mended.")
	}
	return true
}
