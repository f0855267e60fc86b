package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestSARIFKeepsToItsSchema(t *testing.T) {
	text, err := os.ReadFile("../../testdata/sarif/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	for name, report := range map[string]*Report{"everything": found(), "nothing": {Table: &route.Table{}}} {
		t.Run(name, func(t *testing.T) {
			var log any
			if err := json.Unmarshal([]byte(write(t, func(b *bytes.Buffer) error { return SARIF(b, report) })), &log); err != nil {
				t.Fatal(err)
			}
			for _, violation := range (&jsonSchema{root}).check(root, log, "") {
				t.Error(violation)
			}
		})
	}
}

// The test's own schema has to be seen to refuse something.
func TestSchemaRefusesWhatIsWrong(t *testing.T) {
	var log any
	root := map[string]any{
		"type": "object", "required": []any{"version"}, "additionalProperties": false,
		"properties": map[string]any{"version": map[string]any{"enum": []any{"2.1.0"}}, "n": map[string]any{"type": "integer", "minimum": 1.0}},
	}
	for text, wrong := range map[string]int{
		`{"version":"2.1.0","n":1}`: 0, `{"version":"2"}`: 1, `{}`: 1, `{"version":"2.1.0","x":1}`: 1, `{"version":"2.1.0","n":0}`: 1, `[]`: 1,
	} {
		if err := json.Unmarshal([]byte(text), &log); err != nil {
			t.Fatal(err)
		}
		if got := (&jsonSchema{root}).check(root, log, ""); len(got) != wrong {
			t.Errorf("%s has %v, want %d violations", text, got, wrong)
		}
	}
}

func TestSARIFSuppressesWhatIsIgnored(t *testing.T) {
	var log sarifLog
	if err := json.Unmarshal([]byte(write(t, func(b *bytes.Buffer) error { return SARIF(b, found()) })), &log); err != nil {
		t.Fatal(err)
	}
	results := log.Runs[0].Results
	last := results[len(results)-1]
	if want := []sarifSuppression{{"inSource", "agreed"}}; !slices.Equal(last.Suppressions, want) {
		t.Errorf("suppressions are %v, want %v", last.Suppressions, want)
	}
	physical := results[2].Locations[0].PhysicalLocation
	if physical.ArtifactLocation.URI != "a%20b/services,%25.yaml" || *physical.Region != (sarifRegion{12, 7}) {
		t.Errorf("the place is %+v", physical)
	}
	if rule := log.Runs[0].Tool.Driver.Rules[results[2].RuleIndex]; rule.ID != "NP101" {
		t.Errorf("rule index leads to %s", rule.ID)
	}
}

// jsonSchema checks values against the parts of JSON Schema draft 4 that
// SARIF's schema uses.
type jsonSchema struct{ root map[string]any }

func (s *jsonSchema) check(schema map[string]any, value any, at string) []string {
	if ref, ok := schema["$ref"].(string); ok {
		definitions := s.root["definitions"].(map[string]any)
		return s.check(definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any), value, at)
	}
	var wrong []string
	if want, ok := schema["type"]; ok && !slices.ContainsFunc(list(want), func(t any) bool { return hasType(value, t.(string)) }) {
		wrong = append(wrong, fmt.Sprintf("%s is %T, not %v", at, value, want))
	}
	if choice, ok := schema["enum"].([]any); ok && !slices.ContainsFunc(choice, func(c any) bool { return reflect.DeepEqual(c, value) }) {
		wrong = append(wrong, fmt.Sprintf("%s is %v, not one of %v", at, value, choice))
	}
	if least, ok := schema["minimum"].(float64); ok && value.(float64) < least {
		wrong = append(wrong, fmt.Sprintf("%s is %v, less than %v", at, value, least))
	}
	if pattern, ok := schema["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(value.(string)) {
		wrong = append(wrong, fmt.Sprintf("%s is %q, not %s", at, value, pattern))
	}
	for _, word := range []string{"anyOf", "oneOf"} {
		if options, ok := schema[word].([]any); ok && !slices.ContainsFunc(options, func(o any) bool {
			return len(s.check(o.(map[string]any), value, at)) == 0
		}) {
			wrong = append(wrong, at+" keeps to none of "+word)
		}
	}
	switch value := value.(type) {
	case map[string]any:
		wrong = append(wrong, s.object(schema, value, at)...)
	case []any:
		wrong = append(wrong, s.array(schema, value, at)...)
	}
	return wrong
}

func (s *jsonSchema) object(schema, value map[string]any, at string) []string {
	var wrong []string
	for _, name := range list(schema["required"]) {
		if _, ok := value[name.(string)]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s has no %s", at, name))
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, member := range value {
		switch property, known := properties[name].(map[string]any); {
		case known:
			wrong = append(wrong, s.check(property, member, at+"/"+name)...)
		case schema["additionalProperties"] == false:
			wrong = append(wrong, fmt.Sprintf("%s has %s, which is not known", at, name))
		default:
			if other, ok := schema["additionalProperties"].(map[string]any); ok {
				wrong = append(wrong, s.check(other, member, at+"/"+name)...)
			}
		}
	}
	return wrong
}

func (s *jsonSchema) array(schema map[string]any, value []any, at string) []string {
	var wrong []string
	if least, ok := schema["minItems"].(float64); ok && float64(len(value)) < least {
		wrong = append(wrong, fmt.Sprintf("%s has %d items, less than %v", at, len(value), least))
	}
	for i, item := range value {
		if items, ok := schema["items"].(map[string]any); ok {
			wrong = append(wrong, s.check(items, item, fmt.Sprintf("%s/%d", at, i))...)
		}
		if schema["uniqueItems"] == true && slices.ContainsFunc(value[:i], func(o any) bool { return reflect.DeepEqual(o, item) }) {
			wrong = append(wrong, fmt.Sprintf("%s/%d comes twice", at, i))
		}
	}
	return wrong
}

// list is a list of one where a schema gives a single word.
func list(value any) []any {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		return value
	}
	return []any{value}
}

func hasType(value any, name string) bool {
	switch value := value.(type) {
	case nil:
		return name == "null"
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case float64:
		return name == "number" || name == "integer" && value == float64(int64(value))
	case []any:
		return name == "array"
	}
	return name == "object"
}
