package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// fromFiles shows the services of manifests, as a cluster made of nothing else
// would serve them.
func (o *getOptions) fromFiles(ctx context.Context) error {
	set, err := o.files.read(ctx, o.factory)
	if err != nil {
		return err
	}
	namespace, _, err := o.namespace()
	if err != nil {
		return err
	}
	s, assumed := set.Snapshot(manifest.Defaults{Namespace: namespace})
	if err := impossiblePorts(s); err != nil {
		return err
	}
	o.listing.where = "the manifests"
	o.listing.namespaces = o.listing.namespaces || severalNamespaces(s.Services)
	table := route.New(s)
	missing, err := o.chosen(table, s)
	if err != nil || len(table.Services) == 0 && missing != nil {
		return errors.Join(missing, err)
	}
	if forgetAssumed(table, assumed) {
		o.say("note: <auto> is a node port that the API server will choose; IP addresses that no manifest gives are examples, too")
	}
	if err := o.listing.show(table, s); err != nil {
		return err
	}
	s.NodePorts = nodeport.Range{} // not assumed: out of the default range is an error
	for _, finding := range check.Services(s) {
		if finding.Severity == check.Error {
			o.say("note: the manifests have errors; kubectl nodeport expose-check -f shows them")
			break
		}
	}
	return missing
}

// impossiblePorts is the error of ports that no packet can carry: there is
// nothing true to show of them.
func impossiblePorts(s *snapshot.Snapshot) error {
	var errs []error
	for _, service := range s.Services {
		ref := snapshot.RefOf("Service", service)
		for i, port := range service.Spec.Ports {
			field := fmt.Sprintf("spec.ports[%d]", i)
			errs = append(errs, impossible(s, ref, field+".port", port.Port, 1), impossible(s, ref, field+".nodePort", port.NodePort, 0))
		}
	}
	return errors.Join(errs...)
}

// impossible is nil for a port from least on that a packet can carry.
func impossible(s *snapshot.Snapshot, ref snapshot.Ref, field string, port, least int32) error {
	if least <= port && port <= math.MaxUint16 {
		return nil
	}
	return &manifest.Problem{
		Position: s.Locate(ref, field), Ref: ref, Field: field,
		Message: fmt.Sprintf("%s %d is no port: give one from 1 to %d", field, port, math.MaxUint16),
	}
}

// chosen leaves the services that were named or selected; missing is the error
// of those that were named and are not there.
func (o *getOptions) chosen(table *route.Table, s *snapshot.Snapshot) (missing, err error) {
	selector, err := labels.Parse(o.query.Selector)
	if err != nil {
		return nil, err
	}
	if len(o.query.Names) > 0 {
		o.listing.where = "namespace " + o.query.Namespace + " of the manifests"
		missing = o.missing(table, s, func(name string) string { return didYouMean(name, namesIn(s, o.query.Namespace)) })
		if err := o.narrow(table, s); err != nil {
			return missing, err
		}
	}
	table.Services = slices.DeleteFunc(table.Services, func(service route.Service) bool {
		if len(o.query.Names) > 0 && (service.Namespace != o.query.Namespace || !slices.Contains(o.query.Names, service.Name)) {
			return true
		}
		return !selector.Matches(labels.Set(s.Service(service.Namespace, service.Name).Labels))
	})
	return missing, nil
}

func namesIn(s *snapshot.Snapshot, namespace string) []string {
	var names []string
	for _, service := range s.Services {
		if service.Namespace == namespace {
			names = append(names, service.Name)
		}
	}
	return names
}

// forgetAssumed takes the node ports away that no manifest gives: a cluster
// would choose others. It tells whether there were any.
func forgetAssumed(table *route.Table, assumed *manifest.Assumed) (forgotten bool) {
	for i := range table.Services {
		service := &table.Services[i]
		ref := snapshot.Ref{Kind: "Service", Namespace: service.Namespace, Name: service.Name}
		for j := range service.Ports {
			if assumed.NodePort(ref, service.Ports[j].Name) {
				service.Ports[j].NodePort = 0
				forgotten = true
			}
		}
	}
	return forgotten
}

func severalNamespaces(services []*corev1.Service) bool {
	return slices.ContainsFunc(services, func(s *corev1.Service) bool { return s.Namespace != services[0].Namespace })
}
