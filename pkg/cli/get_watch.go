package cli

import (
	"context"
	"errors"
	"reflect"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// follow lists the services and then, as kubectl does, those again that change.
func (o *getOptions) follow(ctx context.Context, c *cluster.Cluster) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var tables route.Builder
	var before *route.Table
	err := c.Watch(ctx, o.query, o.observer(func(s *snapshot.Snapshot) {
		table := tables.Table(s)
		if err := o.followed(before, table, s); err != nil {
			cancel(err)
		}
		before = table
	}))
	if err != nil {
		return err
	}
	return context.Cause(ctx)
}

func (o *getOptions) followed(before, table *route.Table, s *snapshot.Snapshot) error {
	listing := o.listing
	if before == nil {
		missing := o.missing(table, s, func(string) string { return "" })
		if err := errors.Join(missing, o.narrow(table, s)); err != nil {
			return err
		}
		return o.untilOneAnswers(listing.show(table, s))
	}
	o.leaveNodes(table, s) // a service or node that went since is no error
	o.tellDeleted(before, table)
	listing = listing.again()
	if changed := changedSince(before, table); len(changed.Services) > 0 {
		return ignoreNoAddress(listing.print(changed, s))
	}
	return nil
}

// untilOneAnswers tells that no address answers yet: whoever watches waits for one.
func (o *getOptions) untilOneAnswers(err error) error {
	if errors.As(err, new(*noAddressError)) {
		o.say("note: %s", render.Safe(err.Error()))
	}
	return ignoreNoAddress(err)
}

// ignoreNoAddress is for a moment without addresses, which ends no watch.
func ignoreNoAddress(err error) error {
	if errors.As(err, new(*noAddressError)) {
		return nil
	}
	return err
}

// changedSince is the table of the services that are new or other than before.
// A change of the nodes is one of all services.
func changedSince(before, now *route.Table) *route.Table {
	if !reflect.DeepEqual(before.Nodes, now.Nodes) {
		return now
	}
	changed := &route.Table{Nodes: now.Nodes}
	for i := range now.Services {
		service := &now.Services[i]
		old := before.Service(service.Namespace, service.Name)
		if old == nil || !reflect.DeepEqual(old, service) {
			changed.Services = append(changed.Services, *service)
		}
	}
	return changed
}

func (o *getOptions) tellDeleted(before, now *route.Table) {
	for i := range before.Services {
		service := &before.Services[i]
		if now.Service(service.Namespace, service.Name) == nil {
			o.say("service %s/%s has no node port any more", render.Safe(service.Namespace), render.Safe(service.Name))
		}
	}
}

// observer tells the user when the API server is lost, and when it is back.
func (f *factory) observer(changed func(*snapshot.Snapshot)) cluster.Observer {
	return cluster.Observer{
		Changed: changed,
		Lost: func(err error) {
			f.say("note: lost the API server, trying again: %s", render.Safe(rootCause(err).Error()))
		},
		Back: func() { f.say("note: the API server answers again") },
	}
}
