package cli

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// checkFiles checks the services of manifests. What of them cannot be read is
// a finding, and does not keep the rest from being checked.
func (o *exposeCheckOptions) checkFiles(ctx context.Context) (*render.Report, error) {
	set, problems := manifest.Read(ctx, manifest.Source{Paths: o.files.paths, Recursive: o.files.recursive, Stdin: o.In})
	if set == nil {
		return nil, problems
	}
	if err := unread(problems); err != nil {
		return nil, err
	}
	namespace, _, err := o.factory.namespace()
	if err != nil {
		return nil, err
	}
	report, findings, err := o.checkSet(ctx, set, set.Services(namespace), namespace)
	if err != nil {
		return nil, err
	}
	inFiles := o.sift(report, nil, fileFindings(set, problems, namespace))
	report.Findings = withoutEchoes(inFiles, findings)
	if err := o.checkVariants(ctx, report, set, namespace); err != nil {
		return nil, err
	}
	return report, nil
}

// checkSet checks some of the services of a set.
func (o *exposeCheckOptions) checkSet(ctx context.Context, set *manifest.Set, services []*corev1.Service, namespace string) (*render.Report, []check.Finding, error) {
	written, assumed := set.Snapshot(manifest.Defaults{Namespace: namespace})
	table := route.New(written)
	forgetAssumed(table, assumed)
	s, partial, err := o.surroundings(ctx, asWritten(written, set.Services(namespace)))
	if err != nil {
		return nil, nil, err
	}
	s.Kubernetes = o.kubernetes
	chosen, named, err := o.chosen(s, services)
	if err != nil {
		return nil, nil, err
	}
	report := o.newReport(s, table, chosen)
	return report, o.sift(report, chosen, check.Run(check.Input{Snapshot: s, Services: chosen, Named: named, Partial: partial})), nil
}

// checkVariants checks services that a repository holds once more for another
// environment, with what is beside them there.
func (o *exposeCheckOptions) checkVariants(ctx context.Context, report *render.Report, set *manifest.Set, namespace string) error {
	if len(o.targets) > 0 {
		return nil // a name means the one that counts
	}
	for _, variant := range set.Variants() {
		own := (&manifest.Set{Objects: variant.Own}).Services(namespace)
		part, findings, err := o.checkSet(ctx, variant.Set, own, namespace)
		if err != nil {
			return err
		}
		report.Services = append(report.Services, part.Services...)
		report.Findings = append(report.Findings, findings...)
		report.Ignored = append(report.Ignored, part.Ignored...)
	}
	return nil
}

// asWritten is a snapshot with services as their manifests have them: what is
// chosen for them is no business of the rules.
func asWritten(s *snapshot.Snapshot, services []*corev1.Service) *snapshot.Snapshot {
	return &snapshot.Snapshot{
		Services: services, Slices: s.Slices, Nodes: s.Nodes, Pods: s.Pods, Workloads: s.Workloads, Policies: s.Policies,
		Replaced: s.Replaced, Gaps: s.Gaps, Positions: s.Positions,
	}
}

// surroundings lays the manifests over the cluster. They stand alone if the
// user wants that, if there is no cluster, or if they hold nodes, and so are
// what somebody has saved of a cluster. partial tells that they do.
func (o *exposeCheckOptions) surroundings(ctx context.Context, written *snapshot.Snapshot) (s *snapshot.Snapshot, partial bool, err error) {
	written.NodePorts = o.nodePorts
	if o.static || !o.configured() || len(written.Nodes) > 0 || len(written.Services) == 0 {
		return written, true, nil
	}
	var namespaces []string
	for _, service := range written.Services {
		namespaces = append(namespaces, service.Namespace)
	}
	slices.Sort(namespaces)
	namespaces = slices.Compact(namespaces)
	key := strings.Join(namespaces, " ")
	if o.live[key] == nil {
		if o.live[key], err = o.around(ctx, namespaces); err != nil {
			return nil, false, err
		}
	}
	return snapshot.Overlay(o.live[key], written), false, nil
}

// unread returns the problem for which there is nothing to check: a path that
// does not exist or holds nothing, or a page that cannot be fetched. Those have
// no place in a file.
func unread(err error) error {
	for _, problem := range manifest.Problems(err) {
		if problem.Position.File == "" {
			return problem
		}
	}
	return nil
}

// fileFindings makes findings of what is wrong with the files themselves. Of a
// foreign file there is one, whatever it lacks to be a manifest.
func fileFindings(set *manifest.Set, problems error, namespace string) []check.Finding {
	var findings []check.Finding
	foreign := map[string]bool{}
	for _, problem := range manifest.Problems(problems) {
		finding := fileFinding(problem, check.NotReadable, check.Error, namespace)
		if problem.Foreign {
			if foreign[problem.Position.File] || !rendered(problem) {
				continue
			}
			foreign[problem.Position.File] = true
			finding.ID, finding.Severity = check.NotAManifest, check.Info
		}
		findings = append(findings, finding)
	}
	for _, warning := range set.Warnings {
		findings = append(findings, fileFinding(warning, check.GivenTwice, check.Warning, namespace))
	}
	return findings
}

// rendered tells the foreign files that can become manifests: of workflows and
// the like nothing needs to be said.
func rendered(problem *manifest.Problem) bool { return problem.Hint != "" && problem.Field == "" }

// withoutEchoes joins what was found in files and in services, each once: a
// field that cannot be read is empty, and of a service's name the checks of
// services say more.
func withoutEchoes(inFiles, inServices []check.Finding) []check.Finding {
	const name = "metadata.name"
	unread := func(f check.Finding) bool {
		return slices.ContainsFunc(inFiles, func(p check.Finding) bool {
			return p.ID == check.NotReadable && p.Service != (snapshot.Ref{}) && p.Service == f.Service &&
				f.Field != name && (within(p.Field, f.Field) || within(f.Field, p.Field))
		})
	}
	named := func(p check.Finding) bool {
		return p.Field == name && slices.ContainsFunc(inServices, func(f check.Finding) bool {
			return f.Field == name && f.Service == p.Service
		})
	}
	return slices.Concat(slices.DeleteFunc(inFiles, named), slices.DeleteFunc(inServices, unread))
}

// within tells whether a field is another one or a part of it.
func within(field, whole string) bool {
	rest, ok := strings.CutPrefix(field, whole)
	return ok && whole != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func fileFinding(problem *manifest.Problem, id string, severity check.Severity, namespace string) check.Finding {
	object := problem.Ref
	if object.Kind != "" && object.Namespace == "" {
		object = (&manifest.Object{Ref: object}).In(namespace)
	}
	finding := check.Finding{
		ID: id, Severity: severity, Object: object, Field: problem.Field, Position: problem.Position,
		Message: problem.Message, Fix: problem.Hint,
	}
	if object.Kind == "Service" {
		finding.Service = object
	}
	return finding
}
