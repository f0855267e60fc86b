package manifest

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/safe"
)

// readHeader reads what every object has, apiVersion, kind and metadata, and
// says what of it is missing or cannot be.
func (o *Object) readHeader(fields map[string]any) []*Problem {
	var problems []*Problem
	report := func(field, message, hint string) {
		problems = append(problems, o.problem(field, message, hint))
	}
	o.Kind, _ = fields["kind"].(string)
	o.APIVersion, _ = fields["apiVersion"].(string)
	metadata, _ := fields["metadata"].(map[string]any)
	o.Name, _ = metadata["name"].(string)
	o.Namespace, _ = metadata["namespace"].(string)
	if isClusterScoped(o.Kind) {
		o.Namespace = ""
	}
	if isKustomization(o) {
		report("", "this is a kustomization, not a manifest", "build it first: kubectl kustomize DIR | kubectl nodeport … -f -")
		o.Kind = ""
		problems[0].Foreign = true
		return problems
	}
	if typed, _ := known(o.Kind); typed == nil && metadata == nil {
		defer func() { foreign(problems) }()
	}
	if o.Kind == "" {
		report("kind", missing("kind", fields["kind"]), "every manifest names one, such as kind: Service")
	}
	if o.APIVersion == "" {
		report("apiVersion", missing("apiVersion", fields["apiVersion"]), apiVersionHint(o.Kind))
	}
	switch {
	case o.Name != "":
		if message := badName(o); message != "" {
			report("metadata.name", message, "")
		}
	case o.Kind != "" && !mayGenerateName(o.Kind, fields):
		report("metadata.name", missing("metadata.name", metadata["name"]), "give the object a name")
	}
	if len(validation.IsDNS1123Label(o.Namespace)) > 0 && o.Namespace != "" {
		report("metadata.namespace", fmt.Sprintf("metadata.namespace %q is not a valid name: %s",
			shorten(o.Namespace), first(validation.IsDNS1123Label(o.Namespace))), "")
	}
	return problems
}

// foreign marks what is wrong with a document that has no metadata and none of
// the known kinds: it is the configuration of some program.
func foreign(problems []*Problem) {
	for _, problem := range problems {
		problem.Foreign = true
	}
}

// missing words a field of the header that is absent or no string.
func missing(field string, content any) string {
	if content == nil || content == "" {
		return field + " is missing"
	}
	return fmt.Sprintf("%s must be a string, not %s", field, describe(content))
}

func apiVersionHint(kind string) string {
	if _, apiVersion := known(kind); apiVersion != "" {
		return fmt.Sprintf("write apiVersion: %s", apiVersion)
	}
	return "every manifest names one, such as apiVersion: v1"
}

// mayGenerateName tells whether an object without a name is complete: people
// let the API server name what runs to its end, and nothing that is referred to.
func mayGenerateName(kind string, fields map[string]any) bool {
	metadata, _ := fields["metadata"].(map[string]any)
	prefix, _ := metadata["generateName"].(string)
	typed, _ := known(kind)
	return prefix != "" && (typed == nil || kind == "Pod" || kind == "Job")
}

// badName says why no API server takes the name of an object; empty when some
// may. The kinds known here take less than other kinds; what only a Service's
// name must not be is left to the checks of services.
func badName(o *Object) string {
	reasons := content.IsPathSegmentName(o.Name)
	if typed, _ := known(o.Kind); typed != nil && isBuiltin(o.APIVersion) {
		reasons = validation.IsDNS1123Subdomain(o.Name)
	}
	if strings.IndexFunc(o.Name, safe.Unsafe) >= 0 {
		reasons = []string{"it holds control characters"}
	}
	if len(reasons) == 0 {
		return ""
	}
	return fmt.Sprintf("metadata.name %q is not a valid name: %s", shorten(o.Name), first(reasons))
}

// first returns the first reason, without the regular expression and examples
// that the library appends.
func first(reasons []string) string {
	reason, _, _ := strings.Cut(reasons[0], " (e.g.")
	return reason
}

func isKustomization(o *Object) bool {
	return (o.Kind == "Kustomization" || o.Kind == "Component") && group(o.APIVersion) == "kustomize.config.k8s.io"
}
