package cli

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// The network tells no one when it changes, so it is asked again: soon after a
// change of the cluster, then less and less often.
const (
	shortestPause = time.Second
	longestPause  = 30 * time.Second
)

// follow checks the services, and again after every change and every pause,
// until nothing is found that counts.
func (o *exposeCheckOptions) follow(ctx context.Context) error {
	c, err := o.cluster()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o.learnVersion(ctx, c)
	snapshots, ended := make(chan *snapshot.Snapshot, 1), make(chan error, 1)
	go func() {
		ended <- c.Watch(ctx, o.query(o.namespace, o.names()), o.observer(func(s *snapshot.Snapshot) {
			select {
			case <-snapshots: // an older one, which nobody has looked at
			default:
			}
			snapshots <- s
		}))
	}()
	defer o.progress("")
	return (&following{exposeCheckOptions: o, cluster: c}).until(ctx, snapshots, ended)
}

// following is a check under way that ends when nothing is found any more.
type following struct {
	*exposeCheckOptions
	cluster *cluster.Cluster

	// seen is the cluster as it was examined last, with what was found in it
	// without asking the network.
	seen     *examined
	findings []check.Finding
	// told is the report that was shown last, and doubted one that was not
	// shown yet: it may be of a network that is still changing.
	told, doubted *render.Report
}

func (w *following) until(ctx context.Context, snapshots <-chan *snapshot.Snapshot, ended <-chan error) error {
	pause := shortestPause
	timer := time.NewTimer(longestPause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return errors.Join(ctx.Err(), w.notFound(err))
		case s := <-snapshots:
			changed, err := w.news(s)
			if err != nil {
				return err
			}
			if !changed {
				continue
			}
			pause = shortestPause
		case <-timer.C:
			pause = min(2*pause, longestPause)
		}
		if w.seen == nil {
			continue
		}
		if well, err := w.look(ctx); well || err != nil {
			return err
		}
		if !w.static {
			timer.Reset(pause)
		}
	}
}

// news tells whether a snapshot says anything new about the services. Those
// that went away meanwhile may come back.
func (w *following) news(s *snapshot.Snapshot) (changed bool, err error) {
	x, err := w.examine(s)
	switch {
	case err != nil && w.told == nil:
		return false, err
	case err != nil:
		if w.seen != nil {
			w.progress("")
			w.say("note: %s", render.Safe(err.Error()))
		}
		w.seen = nil
		return false, nil
	}
	findings := x.findings(nil)
	if w.seen != nil && reflect.DeepEqual(w.seen.table, x.table) && reflect.DeepEqual(w.findings, findings) {
		return false, nil
	}
	w.seen, w.findings = x, findings
	return true, nil
}

// look asks the network, shows what is new, and tells whether all is well.
func (w *following) look(ctx context.Context) (well bool, err error) {
	report, err := w.walked(ctx, w.cluster, w.seen)
	if err != nil {
		return false, err
	}
	if !w.settled(report) {
		w.doubted = report
		return false, nil
	}
	w.doubted = nil
	if err := w.tell(report); err != nil {
		return false, err
	}
	well = !report.Failed() && len(report.Services) > 0
	if !well {
		w.progress("watching until nothing is found; Ctrl-C ends it")
	}
	return well, nil
}

// settled tells whether a report is worth showing. Right after a change nodes
// and applications may not have caught up, so what the network answers then has
// to be met twice, except at first and when it is good news.
func (w *following) settled(report *render.Report) bool {
	if w.told == nil || w.static || !report.Failed() {
		return true
	}
	options := w.textOptions(w.Out, false)
	if changed, _ := render.Changes(w.told, report, options); len(changed) == 0 {
		return true
	}
	if w.doubted == nil {
		return false
	}
	changed, gone := render.Changes(w.doubted, report, options)
	return len(changed)+len(gone) == 0
}

// tell shows a report, or of those after the first what is other than before.
func (w *following) tell(report *render.Report) error {
	before := w.told
	w.told = report
	if before == nil {
		w.progress("")
		return w.write(report)
	}
	options := w.textOptions(w.Out, w.terminal.out)
	changed, gone := render.Changes(before, report, options)
	if len(changed)+len(gone) == 0 {
		return nil
	}
	w.progress("")
	for _, service := range gone {
		w.say("service %s/%s is gone, or has no node port any more", render.Safe(service.Namespace), render.Safe(service.Name))
	}
	options.Healthy, options.Only = true, append([]snapshot.Ref{}, changed...)
	return render.Text(w.Out, report, options)
}
