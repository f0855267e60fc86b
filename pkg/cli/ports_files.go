package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// fromFiles reads who wants which port in manifests. What cannot be read is
// told, and is the error beside what could be.
func (o *portsOptions) fromFiles(ctx context.Context) (*nodeport.Ledger, []render.PortUse, error) {
	set, problems := manifest.Read(ctx, manifest.Source{Paths: o.files.paths, Recursive: o.files.recursive, Stdin: o.In})
	if set == nil {
		return nil, nil, problems
	}
	if err := unread(problems); err != nil {
		return nil, nil, err
	}
	unfinished := o.tellProblems(set, problems)
	services, uses := o.wanted(set)
	lists := [][]render.PortUse{uses}
	for _, variant := range set.Variants() {
		others, uses := o.wanted(variant.Set)
		services = append(services, others...)
		lists = append(lists, uses)
	}
	// All that any folder has is taken; what collides was told folder by folder.
	ledger := nodeport.NewLedger(o.nodePorts, services)
	o.open(ledger, set)
	return ledger, render.JoinPortUses(lists...), unfinished
}

// wanted are the services of one environment, and who wants which port in it.
func (o *portsOptions) wanted(set *manifest.Set) ([]*corev1.Service, []render.PortUse) {
	services := set.Services(o.namespace)
	ledger := nodeport.NewLedger(o.nodePorts, services)
	s := o.open(ledger, set)
	return services, render.PortUses(ledger, func(kind, namespace, name, field string) string {
		return s.Locate(snapshot.Ref{Kind: kind, Namespace: namespace, Name: name}, field).String()
	})
}

// open notes the ports that workloads and pods of manifests will open.
func (o *portsOptions) open(ledger *nodeport.Ledger, set *manifest.Set) *snapshot.Snapshot {
	s, _ := set.Snapshot(manifest.Defaults{Namespace: o.namespace, NodePorts: o.nodePorts})
	for _, workload := range s.Workloads {
		if workload.Controller == nil && workload.Replicas != 0 {
			ledger.Open(nodeport.Host{Kind: workload.Kind, Namespace: workload.Namespace, Name: workload.Name}, &workload.Template.Spec)
		}
	}
	for _, pod := range s.Pods {
		if _, owned := s.OwnerOf(pod); !owned {
			ledger.Open(nodeport.Host{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, Pods: 1}, &pod.Spec)
		}
	}
	return s
}

// errUnfinished tells that not all manifests could be read.
var errUnfinished = errors.New("not all manifests could be read")

// tellProblems tells what keeps manifests from being read. Files of a folder
// that are something else are passed over, but for templates of Helm: what they
// make may want ports.
func (o *portsOptions) tellProblems(set *manifest.Set, problems error) error {
	var unfinished error
	templates := map[string]bool{}
	for _, problem := range manifest.Problems(problems) {
		if problem.Foreign {
			if rendered(problem) {
				templates[problem.Position.File] = true
			}
			continue
		}
		unfinished = errUnfinished
		o.say("error: %s", render.SafeLines(problem.Error()))
	}
	for _, warning := range set.Warnings {
		o.warn(warning.Error())
	}
	switch n := len(templates); n {
	case 0:
	case 1:
		o.say("note: a Helm template was passed over; helm template . | kubectl nodeport ports -f - looks at what it makes")
	default:
		o.say("note: %d Helm templates were passed over; helm template . | kubectl nodeport ports -f - looks at what they make", n)
	}
	return unfinished
}

// tellCollisions tells which ports are wanted more than once, and whether any
// are.
func (o *portsOptions) tellCollisions(uses []render.PortUse) bool {
	var ports []int32
	by := map[int32][]string{}
	for _, use := range uses {
		if !use.Collides {
			continue
		}
		if by[use.Port] == nil {
			ports = append(ports, use.Port)
		}
		text := use.String()
		if use.At != "" {
			text += fmt.Sprintf(" (%s)", render.Safe(use.At))
		}
		by[use.Port] = append(by[use.Port], text)
	}
	for _, port := range slices.Compact(ports) {
		o.say("error: node port %d is wanted more than once:\n  %s", port, strings.Join(by[port], "\n  "))
	}
	return len(ports) > 0
}
