package cli

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// parseTargets reads names of services, and TYPE/NAME of services, workloads
// and pods.
func parseTargets(args []string, namespace string) ([]snapshot.Ref, error) {
	var targets []snapshot.Ref
	for _, arg := range args {
		kind, name, found := strings.Cut(arg, "/")
		if !found {
			kind, name = "Service", arg
		} else if known, ok := snapshot.ParseKind(kind); !ok || known == "Node" {
			return nil, fmt.Errorf("%q is neither a service nor a workload or pod", arg)
		} else {
			kind = known
		}
		if name == "" {
			return nil, fmt.Errorf("%q has no name", arg)
		}
		targets = append(targets, snapshot.Ref{Kind: kind, Namespace: namespace, Name: name})
	}
	return targets, nil
}

// names are those of the services among the targets; none when a workload is
// among them, whose services are not known before all are read.
func (o *exposeCheckOptions) names() []string {
	var names []string
	for _, target := range o.targets {
		if target.Kind != "Service" {
			return nil
		}
		names = append(names, target.Name)
	}
	return names
}

// chosen returns the services that were asked for, of those that there are, and
// whether they were named.
func (o *exposeCheckOptions) chosen(s *snapshot.Snapshot, services []*corev1.Service) (chosen []*corev1.Service, named bool, err error) {
	if len(o.targets) == 0 {
		for _, service := range services {
			if o.selector.Matches(labels.Set(service.Labels)) {
				chosen = append(chosen, service)
			}
		}
		return chosen, false, nil
	}
	for _, target := range o.targets {
		found := o.behind(s, services, target)
		if len(found) == 0 {
			return nil, true, o.missing(s, target)
		}
		for _, service := range found {
			if !slices.Contains(chosen, service) {
				chosen = append(chosen, service)
			}
		}
	}
	return chosen, true, nil
}

// behind returns a service that was named, or those that select the pods of a
// workload or pod that was.
func (o *exposeCheckOptions) behind(s *snapshot.Snapshot, services []*corev1.Service, target snapshot.Ref) []*corev1.Service {
	podLabels, known := labelsOf(s, target)
	return slices.DeleteFunc(slices.Clone(services), func(service *corev1.Service) bool {
		if service.Namespace != target.Namespace {
			return true
		}
		if target.Kind == "Service" {
			return service.Name != target.Name
		}
		selector := service.Spec.Selector
		return !known || len(selector) == 0 || !check.WantsNodePort(service) ||
			!labels.SelectorFromSet(selector).Matches(labels.Set(podLabels))
	})
}

// labelsOf are the labels of the pods of a workload, or of a pod.
func labelsOf(s *snapshot.Snapshot, target snapshot.Ref) (podLabels map[string]string, ok bool) {
	if pod := s.Pod(target.Namespace, target.Name); target.Kind == "Pod" && pod != nil {
		return pod.Labels, true
	}
	if workload := s.Workload(target.Kind, target.Namespace, target.Name); workload != nil {
		return workload.Template.Labels, true
	}
	return nil, false
}

func (o *exposeCheckOptions) missing(s *snapshot.Snapshot, target snapshot.Ref) error {
	name := strings.ToLower(target.Kind) + "/" + target.Name
	if target.Kind == "Service" {
		var names []string
		for _, service := range s.Services {
			if service.Namespace == target.Namespace {
				names = append(names, service.Name)
			}
		}
		return fmt.Errorf("service %q not found in %s%s", target.Name, o.where, didYouMean(target.Name, names))
	}
	if _, known := labelsOf(s, target); !known {
		return fmt.Errorf("%s not found in %s%s", name, o.where, didYouMean(name, typedNames(s, target.Namespace)))
	}
	return fmt.Errorf("no service with a node port selects the pods of %s in %s; kubectl nodeport create %s makes one", name, o.where, name)
}

// typedNames are the workloads and pods of a namespace as TYPE/NAME. Workloads
// that another one has made are left out: nobody types their names.
func typedNames(s *snapshot.Snapshot, namespace string) []string {
	var names []string
	for _, workload := range s.Workloads {
		if workload.Namespace == namespace && workload.Controller == nil {
			names = append(names, strings.ToLower(workload.Kind)+"/"+workload.Name)
		}
	}
	for _, pod := range s.Pods {
		if pod.Namespace == namespace {
			names = append(names, "pod/"+pod.Name)
		}
	}
	return names
}
