package manifest

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/safe"
)

// mismatch reports content that is not of the type of its field.
func (c *checker) mismatch(t reflect.Type, content any, field string) {
	message := fmt.Sprintf("%s must be %s, not %s", safe.Text(field), wanted(t, content), describe(content))
	c.report(field, message, c.mismatchHint(t, content, field))
}

// wanted says what a type takes. content tells a wrong type from a number that
// is only too large.
func wanted(t reflect.Type, content any) string {
	switch t {
	case reflect.TypeFor[intstr.IntOrString]():
		return "a number or a name"
	case reflect.TypeFor[resource.Quantity]():
		return "a quantity such as 500m or 128Mi"
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return "a time such as 2006-01-02T15:04:05Z"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int32, reflect.Int64:
		switch content.(type) {
		case int64, float64:
			return "a whole number of at most " + strconv.FormatInt(math.MaxInt64>>(64-t.Bits()), 10)
		}
		return "a number"
	case reflect.Struct:
		return "a mapping"
	case reflect.Map:
		if t.Elem().Kind() == reflect.String {
			return "a mapping of names to strings"
		}
		return "a mapping"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "a string in base64"
		}
		return "a list"
	}
	return "a " + t.Kind().String()
}

// describe names a value in a message.
func describe(content any) string {
	switch v := content.(type) {
	case nil:
		return "empty"
	case string:
		return fmt.Sprintf("the string %q", shorten(v))
	case bool:
		return fmt.Sprintf("the boolean %t", v)
	case []any:
		return "a list"
	case map[string]any:
		return "a mapping"
	}
	encoded, _ := json.Marshal(content)
	return "the number " + string(encoded)
}

// mismatchHint says how to write what is most likely meant.
func (c *checker) mismatchHint(t reflect.Type, content any, field string) string {
	switch v := content.(type) {
	case string:
		if _, err := strconv.ParseInt(v, 10, 64); err == nil && isNumber(t) {
			return fmt.Sprintf("write %s without quotes", v)
		}
		if _, err := strconv.ParseBool(v); err == nil && t.Kind() == reflect.Bool {
			return fmt.Sprintf("write %s without quotes", v)
		}
	case bool, int64, float64:
		if t.Kind() == reflect.String {
			return quoteHint(c.written(field), v)
		}
	case map[string]any:
		if t.Kind() == reflect.Slice {
			return "begin each item with a dash"
		}
		if strings.HasSuffix(field, "selector[matchLabels]") || strings.HasSuffix(field, "selector[matchExpressions]") {
			return fmt.Sprintf("the selector of a %s is the labels themselves: write them directly under selector", c.object.Kind)
		}
	}
	return ""
}

func isNumber(t reflect.Type) bool { return t.Kind() == reflect.Int32 || t.Kind() == reflect.Int64 }

// written is how the value of a field is spelled in the file, so that a hint
// can quote it: yes and 1.10 are no longer that once they are values.
func (c *checker) written(field string) string {
	node := c.object.node
	for _, step := range steps(field) {
		if node = child(node, step); node == nil {
			return ""
		}
	}
	if node = dereference(node); node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}

func quoteHint(written string, content any) string {
	if written == "" {
		written = fmt.Sprint(content)
	}
	hint := fmt.Sprintf("write it in quotes: %q", shorten(written))
	if _, ok := content.(bool); ok && written != "true" && written != "false" {
		hint += fmt.Sprintf(" (without them %s is a boolean in YAML)", written)
	}
	return hint
}
