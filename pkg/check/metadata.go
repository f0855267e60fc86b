package check

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
)

func metadataRules() []Rule {
	return []Rule{{
		ID: "NP001", Severity: Error, Title: "service name is not valid", find: invalidName,
		Explanation: "A service's name becomes a DNS name, so it is a label of at most 63 lower-case letters, digits " +
			"and hyphens that ends with neither. Before Kubernetes 1.36 it also has to start with a letter.",
	}, {
		ID: "NP002", Severity: Error, Title: "selector is not valid", find: invalidSelector,
		Explanation: "The keys and values of a selector follow the syntax of labels. The API server refuses others.",
	}, {
		ID: "NP024", Severity: Error, Title: "labels or annotations are not valid", find: metadataValues,
		Explanation: "Keys of labels and annotations, and the values of labels, follow a syntax. The API server refuses others.",
	}}
}

// invalidName holds a name to the syntax of newer API servers, and notes one
// that older ones refuse (k8s.io/kubernetes pkg/apis/core/validation/validation.go,
// ValidateServiceCreate with the gate RelaxedServiceNameValidation).
func invalidName(x *subject) []Finding {
	name := x.ref.Name
	if name == "" && x.service.GenerateName != "" || x.live {
		return nil
	}
	if name == "" {
		return []Finding{{Field: "metadata.name", Message: "the service has no name", Fix: "set metadata.name"}}
	}
	if len(validation.IsDNS1123Label(name)) > 0 {
		return []Finding{{
			Field:   "metadata.name",
			Message: fmt.Sprintf("%s cannot be the name of a service: %s", plain(name), labelSyntax(name)),
			Fix:     "choose another metadata.name",
		}}
	}
	if len(validation.IsDNS1035Label(name)) == 0 {
		return nil
	}
	severity, server := Info, "Kubernetes before 1.36"
	if x.Kubernetes != 0 {
		var missing bool
		if server, missing = x.without(kubernetes.RelaxedServiceNames); !missing {
			return nil
		}
		severity = Error
	}
	return []Finding{{
		Severity: severity, Field: "metadata.name",
		Message: fmt.Sprintf("the name %s starts with a digit, which %s refuses for a service", plain(name), server),
		Fix:     "start metadata.name with a letter",
	}}
}

// invalidSelector mirrors the check of labels
// (k8s.io/kubernetes pkg/apis/core/validation/validation.go, validateService).
func invalidSelector(x *subject) []Finding {
	var findings []Finding
	for _, key := range sortedKeys(x.service.Spec.Selector) {
		value := x.service.Spec.Selector[key]
		if len(validation.IsQualifiedName(key)) > 0 {
			findings = append(findings, Finding{
				Field:   "spec.selector",
				Message: fmt.Sprintf("%s cannot be the key of a label: %s", plain(key), qualifiedSyntax()),
				Fix:     "correct the key in spec.selector",
			})
		}
		if len(validation.IsValidLabelValue(value)) > 0 {
			findings = append(findings, Finding{
				Field:   "spec.selector",
				Message: fmt.Sprintf("%s cannot be the value of label %s: %s", plain(value), plain(key), valueSyntax(value)),
				Fix:     "correct the value in spec.selector",
			})
		}
	}
	return findings
}
