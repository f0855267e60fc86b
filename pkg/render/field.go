package render

import (
	"errors"
	"reflect"
	"regexp"

	"k8s.io/client-go/util/jsonpath"
)

// field finds what a JSONPath expression names in an object.
type field struct {
	// text is the expression in full, such as {.metadata.name}.
	text string
	path *jsonpath.JSONPath
}

// parseField takes an expression as kubectl does: the braces and the dot may be
// left out. (k8s.io/kubectl pkg/cmd/get/customcolumn.go,
// RelaxedJSONPathExpression)
func parseField(name, expression string) (field, error) {
	found := regexp.MustCompile(`^(?:\{\.?([^{}]+)\}|\.?([^{}]+))$`).FindStringSubmatch(expression)
	if found == nil {
		return field{}, errors.New("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'")
	}
	f := field{text: "{." + found[1] + found[2] + "}", path: jsonpath.New(name).AllowMissingKeys(true)}
	return f, f.path.Parse(f.text)
}

// of returns the values of the field, none where the object has no such field.
func (f field) of(object map[string]any) ([]any, error) {
	results, err := f.path.FindResults(object)
	if err != nil {
		return nil, err
	}
	var values []any
	for _, result := range results {
		for _, value := range result {
			values = append(values, interfaceOf(value))
		}
	}
	return values, nil
}

func interfaceOf(value reflect.Value) any {
	if !value.IsValid() || !value.CanInterface() {
		return nil
	}
	return value.Interface()
}
