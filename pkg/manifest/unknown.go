package manifest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/spelling"
)

// unknown reports a field that the type does not have, and looks for the one
// that is meant: a name much like it, or the same name elsewhere.
func (c *checker) unknown(t reflect.Type, name, parent string) {
	field := join(parent, name)
	message := fmt.Sprintf("unknown field %q", shorten(field))
	c.report(field, message, c.unknownHint(t, name, parent))
}

func (c *checker) unknownHint(t reflect.Type, name, parent string) string {
	fields := c.schema.fieldsOf(t)
	if near := spelling.Nearest(name, slices.Sorted(maps.Keys(fields))); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if strings.HasSuffix(parent, "selector") && fields["matchLabels"] != nil {
		return fmt.Sprintf("write it under %s.matchLabels", parent)
	}
	if place := c.schema.place(t, name); place != "" {
		return "it belongs into " + strings.TrimPrefix(parent+"."+place, ".")
	}
	if place := c.schema.place(c.root, name); place != "" {
		return "it belongs into " + place
	}
	return ""
}

// place returns the field of t, or of what is nearest inside of it, that has a
// field called name; empty when there is none near.
func (s *schema) place(t reflect.Type, name string) string {
	type place struct {
		t     reflect.Type
		field string
	}
	const deepest = 4
	level := []place{{t: t}}
	for range deepest {
		var next []place
		for _, at := range level {
			fields := s.fieldsOf(at.t)
			if at.field != "" && fields[name] != nil {
				return at.field
			}
			for _, child := range slices.Sorted(maps.Keys(fields)) {
				if inside, suffix := element(fields[child]); inside != nil && child != "status" {
					next = append(next, place{inside, join(at.field, child) + suffix})
				}
			}
		}
		level = next
	}
	return ""
}

// element is the struct type inside of pointers and lists, and how fields
// write the lists; nil when there is no struct.
func element(t reflect.Type) (inside reflect.Type, suffix string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice {
			suffix += "[]"
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || decodesItself(t) {
		return nil, ""
	}
	return t, suffix
}
