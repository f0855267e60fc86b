package manifest

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// problemLimit is how many problems of one object are worth telling.
const problemLimit = 20

// schema holds the fields of Go types as JSON names them. A manifest is checked
// against the types rather than by decoding it, because decoding stops at the
// first wrong type and does not say at which item of a list.
type schema struct {
	fields map[reflect.Type]map[string]reflect.Type
}

func newSchema() *schema {
	return &schema{fields: make(map[reflect.Type]map[string]reflect.Type)}
}

// check returns what the API server's strict decoding would refuse of an
// object: unknown fields and wrong types.
func (s *schema) check(o *Object, typed runtime.Object, fields map[string]any) []*Problem {
	c := &checker{schema: s, object: o, root: reflect.TypeOf(typed).Elem()}
	c.value(c.root, fields, "")
	return c.problems
}

// checker walks one object beside its type.
type checker struct {
	schema   *schema
	object   *Object
	root     reflect.Type
	problems []*Problem
}

func (c *checker) report(field, message, hint string) {
	c.problems = append(c.problems, c.object.problem(field, message, hint))
}

func (c *checker) value(t reflect.Type, content any, field string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if content == nil || len(c.problems) >= problemLimit {
		return
	}
	if decodesItself(t) {
		c.decode(t, content, field)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		c.structure(t, content, field)
	case reflect.Map:
		c.mapping(t, content, field)
	case reflect.Slice:
		c.list(t, content, field)
	case reflect.Interface:
	default:
		c.decode(t, content, field)
	}
}

func (c *checker) structure(t reflect.Type, content any, field string) {
	fields, ok := content.(map[string]any)
	if !ok {
		c.mismatch(t, content, field)
		return
	}
	known := c.schema.fieldsOf(t)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		inside, ok := known[name]
		switch {
		case ok:
			c.value(inside, fields[name], join(field, name))
		case len(c.problems) < problemLimit:
			c.unknown(t, name, field)
		}
	}
}

func (c *checker) mapping(t reflect.Type, content any, field string) {
	fields, ok := content.(map[string]any)
	if !ok {
		c.mismatch(t, content, field)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		c.value(t.Elem(), fields[name], field+"["+name+"]")
	}
}

func (c *checker) list(t reflect.Type, content any, field string) {
	if _, ok := content.(string); ok && t.Elem().Kind() == reflect.Uint8 {
		c.decode(t, content, field)
		return
	}
	items, ok := content.([]any)
	if !ok {
		c.mismatch(t, content, field)
		return
	}
	for i, item := range items {
		c.value(t.Elem(), item, fmt.Sprintf("%s[%d]", field, i))
	}
}

// decode asks the type itself whether it takes the content.
func (c *checker) decode(t reflect.Type, content any, field string) {
	encoded, err := json.Marshal(content)
	if err == nil {
		err = json.Unmarshal(encoded, reflect.New(t).Interface())
	}
	if err != nil {
		c.mismatch(t, content, field)
	}
}

// decodesItself tells types such as intstr.IntOrString, whose shape in JSON is
// not that of the Go type.
func decodesItself(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return pointer.Implements(reflect.TypeFor[json.Unmarshaler]()) ||
		pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// fieldsOf returns the fields of a struct type by their JSON names.
func (s *schema) fieldsOf(t reflect.Type) map[string]reflect.Type {
	if fields, ok := s.fields[t]; ok {
		return fields
	}
	fields := make(map[string]reflect.Type, t.NumField())
	s.fields[t] = fields
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case name != "":
			fields[name] = f.Type
		case f.Anonymous:
			maps.Copy(fields, s.fieldsOf(f.Type))
		default:
			fields[f.Name] = f.Type
		}
	}
	return fields
}

// join appends the name of a field to that of its parent. The names of unknown
// fields may hold anything.
func join(field, name string) string {
	if strings.ContainsAny(name, ".[]") {
		return field + "[" + name + "]"
	}
	if field == "" {
		return name
	}
	return field + "." + name
}
