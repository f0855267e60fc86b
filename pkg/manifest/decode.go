package manifest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/safe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/spelling"
)

// document decodes the objects of one document.
func (r *reader) document(d document) ([]*Object, []*Problem) {
	values, problem := d.parse()
	if problem != nil {
		return nil, []*Problem{problem}
	}
	var objects []*Object
	var problems []*Problem
	for _, value := range values {
		c := &decoder{document: d, schema: r.schema}
		c.decode(value)
		objects = append(objects, c.objects...)
		problems = append(problems, c.problems...)
	}
	if problem := d.helm(problems); problem != nil {
		return nil, []*Problem{problem}
	}
	return objects, problems
}

// decoder turns one value of a document into objects.
type decoder struct {
	document document
	schema   *schema
	objects  []*Object
	problems []*Problem
}

func (c *decoder) decode(v value) {
	var content any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(v.json, &content); err != nil {
		c.problems = append(c.problems, c.document.jsonProblem(0, err))
		return
	}
	fields, ok := content.(map[string]any)
	if !ok {
		c.problems = append(c.problems, &Problem{
			Position: c.document.positionOf(v.node),
			Message:  fmt.Sprintf("a manifest is a mapping with apiVersion, kind and metadata, not %s", describe(content)),
			Foreign:  true,
		})
		return
	}
	c.mapping(v.node, fields, v.json, 0)
}

// mapping decodes an object, or each item of a list of objects.
func (c *decoder) mapping(node *yaml.Node, fields map[string]any, written []byte, depth int) {
	if isList(fields) && depth < depthLimit {
		c.items(node, fields, depth)
		return
	}
	object := &Object{JSON: written, node: node}
	object.Position = c.document.positionOf(node)
	problems := object.readHeader(fields)
	if object.Kind != "" && object.APIVersion != "" {
		problems = append(problems, object.decodeTyped(c.schema, fields)...)
	}
	if object.Kind != "" && object.APIVersion != "" && (object.Name != "" || mayGenerateName(object.Kind, fields)) {
		c.objects = append(c.objects, object)
	}
	c.problems = append(c.problems, problems...)
}

// isList tells a List, or PodList and the like, from an object.
func isList(fields map[string]any) bool {
	kind, _ := fields["kind"].(string)
	items, given := fields["items"]
	_, isSequence := items.([]any)
	empty := items == nil && (given || kind == "List")
	return strings.HasSuffix(kind, "List") && (isSequence || empty)
}

// items decodes the items of a List, or of a typed list as the API server
// writes it, whose items do not say their kind.
func (c *decoder) items(list *yaml.Node, fields map[string]any, depth int) {
	kind, _ := fields["kind"].(string)
	kind = strings.TrimSuffix(kind, "List")
	items, _ := fields["items"].([]any)
	nodes := child(list, "items")
	for i, item := range items {
		node := child(nodes, fmt.Sprint(i))
		if node == nil {
			node = list
		}
		content, ok := item.(map[string]any)
		if !ok {
			c.problems = append(c.problems, &Problem{
				Position: c.document.positionOf(node),
				Message:  fmt.Sprintf("items[%d] of the list must be an object, not %s", i, describe(item)),
			})
			continue
		}
		if content["kind"] == nil && kind != "" {
			content["kind"] = kind
			if content["apiVersion"] == nil {
				content["apiVersion"] = fields["apiVersion"]
			}
		}
		written, err := json.Marshal(content)
		if err != nil {
			c.problems = append(c.problems, &Problem{Position: c.document.positionOf(node), Message: err.Error()})
			continue
		}
		c.mapping(node, content, written, depth+1)
	}
}

// decodeTyped decodes an object of a known kind strictly.
func (o *Object) decodeTyped(schema *schema, fields map[string]any) []*Problem {
	typed, apiVersion := known(o.Kind)
	if !isBuiltin(o.APIVersion) {
		return nil
	}
	if typed == nil {
		return o.misspelledKind()
	}
	if o.APIVersion != apiVersion {
		return []*Problem{o.problem("apiVersion",
			fmt.Sprintf("there is no kind %s in apiVersion %q", o.Kind, o.APIVersion),
			fmt.Sprintf("write apiVersion: %s", apiVersion))}
	}
	if o.unrendered(fields) {
		return []*Problem{{helm: true}}
	}
	problems := append(duplicateKeys(o), schema.check(o, typed, fields)...)
	o.Object = typed
	if err := decodeInto(typed, o.JSON); err != nil && len(problems) == 0 {
		problems = append(problems, o.problem("", safe.Text(err.Error()), ""))
	}
	slices.SortStableFunc(problems, byPosition)
	return problems
}

func byPosition(a, b *Problem) int {
	return cmp.Or(cmp.Compare(a.Position.Line, b.Position.Line), cmp.Compare(a.Position.Column, b.Position.Column))
}

// misspelledKind reports a kind that is nearly one of the known: as a kind of
// its own it would be passed over in silence.
func (o *Object) misspelledKind() []*Problem {
	near := spelling.Nearest(o.Kind, knownKinds())
	if near == "" {
		return nil
	}
	return []*Problem{o.problem("kind", fmt.Sprintf("there is no kind %q", shorten(o.Kind)), fmt.Sprintf("did you mean %s?", near))}
}

// decodeInto decodes as far as it can, as the API server does it.
func decodeInto(typed runtime.Object, written []byte) error {
	return kjson.UnmarshalCaseSensitivePreserveInts(written, typed)
}

// problem is one of a field of the object.
func (o *Object) problem(field, message, hint string) *Problem {
	return &Problem{Position: o.Locate(field), Ref: o.Ref, Field: field, Message: message, Hint: hint}
}

// positionOf is where a node stands in the file.
func (d document) positionOf(node *yaml.Node) snapshot.Position {
	return snapshot.Position{File: d.file, Line: node.Line + d.line - 1, Column: node.Column}
}
