package cli

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// listing shows services: as a table for people, or in the format asked for.
type listing struct {
	*factory
	format    string
	printer   printers.ResourcePrinter // of one of kubectl's formats, or nil
	noHeaders bool
	// showLabels adds the column of labels.
	showLabels bool
	order      *render.Order // nil to leave services in theirs
	// single prints the one service itself rather than a list of one.
	single bool
	// namespaces adds their column; where names the place in "none found in …".
	namespaces bool
	where      string
	// live tells that the services are a cluster's, not those of manifests.
	live bool
}

// show prints the table's services. What could not be read is told on ErrOut.
func (l listing) show(table *route.Table, s *snapshot.Snapshot) error {
	if err := l.print(table, s); err != nil {
		return err
	}
	l.tellGaps(s)
	if l.live && l.printer == nil {
		l.advise(table, s)
	}
	return nil
}

// again is the listing of services that change after the first: without
// headers, and in no order.
func (l listing) again() listing {
	l.noHeaders, l.order = true, nil
	if columns, ok := l.printer.(*render.Columns); ok {
		headless := *columns
		headless.NoHeaders = true
		l.printer = &headless
	}
	return l
}

func (l listing) print(table *route.Table, s *snapshot.Snapshot) error {
	if l.order != nil {
		if err := l.order.Sort(table); err != nil {
			return err
		}
	}
	switch {
	case l.format == "name":
		return l.names(table)
	case l.format == "json":
		return render.ObjectJSON(l.Out, table, l.single)
	case l.printer != nil:
		object, err := render.Object(table, l.single)
		if err != nil {
			return err
		}
		return l.printer.PrintObj(object, l.Out)
	case l.format == "url":
		return l.urls(table, s)
	case len(table.Services) == 0:
		l.say("No NodePort services found in %s.", l.where)
		return nil
	}
	return l.people(table, s)
}

// people prints the table and, for one service, the picture of its ports.
func (l listing) people(table *route.Table, s *snapshot.Snapshot) error {
	o := render.ServicesOptions{
		TableOptions: render.TableOptions{
			Wide: l.format == "wide", Markdown: l.format == "markdown", NoHeaders: l.noHeaders,
		},
		Glyphs:      l.terminal.glyphs,
		Namespaces:  l.namespaces,
		NoNodes:     !s.Knows("nodes") && len(s.Nodes) == 0,
		NoEndpoints: !s.Knows("endpointslices"),
	}
	if l.showLabels {
		o.Labels = func(service *route.Service) string {
			return labels.FormatLabels(s.Service(service.Namespace, service.Name).Labels)
		}
	}
	err := render.Services(l.Out, table, o)
	if err != nil || !l.single || !l.terminal.out || l.format != "" {
		return err
	}
	service := &table.Services[0]
	_, err = fmt.Fprintf(l.Out, "\n%s\n", render.Path(table, service, &service.Ports[0], l.terminal.glyphs))
	return err
}

func (l listing) names(table *route.Table) error {
	for i := range table.Services {
		if _, err := fmt.Fprintln(l.Out, "service/"+render.Safe(table.Services[i].Name)); err != nil {
			return err
		}
	}
	return nil
}

// noAddressError is that of a listing of addresses that has none.
type noAddressError struct{ where string }

func (e *noAddressError) Error() string {
	return fmt.Sprintf("no address answers in %s; kubectl nodeport get shows why", e.where)
}

// urls fails when there is none, so that a script does not go on with nothing.
func (l listing) urls(table *route.Table, s *snapshot.Snapshot) error {
	urls := render.URLs(table)
	if len(urls) == 0 {
		l.tellGaps(s)
		return &noAddressError{l.where}
	}
	_, err := fmt.Fprintln(l.Out, strings.Join(urls, "\n"))
	return err
}

// tellGaps names the permissions that would show more.
func (l listing) tellGaps(s *snapshot.Snapshot) {
	for _, gap := range s.Gaps {
		what := gap.Resource + " are not shown"
		if gap.Resource == "nodes" && len(s.Nodes) > 0 {
			what = "only the nodes are shown that run pods of the namespace"
		}
		l.say("note: %s: %s", what, render.Safe(gap.Err.Error()))
	}
}
