package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	yaml "go.yaml.in/yaml/v3"
)

// duplicateKeys returns the keys that one mapping of an object holds twice.
// kubectl takes the last of them without a word, which hides the first.
func duplicateKeys(o *Object) []*Problem {
	var problems []*Problem
	var walk func(node *yaml.Node, field string)
	walk = func(node *yaml.Node, field string) {
		if node.Kind == yaml.SequenceNode {
			for i, item := range node.Content {
				walk(item, field+"["+strconv.Itoa(i)+"]")
			}
			return
		}
		if node.Kind != yaml.MappingNode {
			return
		}
		first := make(map[string]*yaml.Node, len(node.Content)/2)
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			if key.Kind != yaml.ScalarNode || isMerge(key) {
				continue
			}
			inside := join(field, key.Value)
			if earlier, ok := first[key.Value]; ok && len(problems) < problemLimit {
				problems = append(problems, o.duplicateKey(inside, key, earlier))
			}
			first[key.Value] = key
			walk(node.Content[i+1], inside)
		}
	}
	walk(o.node, "")
	return problems
}

func (o *Object) duplicateKey(field string, key, earlier *yaml.Node) *Problem {
	offset := o.Position.Line - o.node.Line
	problem := o.problem(field,
		fmt.Sprintf("duplicate key %q: it was already given in line %d", shorten(field), earlier.Line+offset),
		"remove one of them; kubectl would silently take the last")
	problem.Position.Line, problem.Position.Column = key.Line+offset, key.Column
	return problem
}

// deduplicated is the set without objects that are given more than once. Equal
// ones are one; of different ones the last counts, as when kubectl applies one
// after the other, and a warning names both.
func (r *reader) deduplicated() *Set {
	set := &Set{}
	last := make(map[identity]*Object, len(r.objects))
	for _, object := range r.objects {
		if object.Name != "" {
			last[object.identity()] = object
		}
	}
	for _, object := range r.objects {
		kept := last[object.identity()]
		if kept == nil || kept == object {
			set.Objects = append(set.Objects, object)
			continue
		}
		if !sameJSON(object.JSON, kept.JSON) {
			if object.folder() == kept.folder() {
				set.Warnings = append(set.Warnings, givenTwice(object, kept))
			}
			set.Superseded = append(set.Superseded, object)
		}
	}
	return set
}

func givenTwice(object, kept *Object) *Problem {
	return object.problem("", "this object is given again, with other contents, in "+kept.Position.String(),
		"remove one of them; the last one counts")
}

// sameJSON tells whether two texts mean the same, whatever their order of keys.
func sameJSON(a, b []byte) bool {
	var left, right any
	if json.Unmarshal(a, &left) != nil || json.Unmarshal(b, &right) != nil {
		return false
	}
	leftText, _ := json.Marshal(left)
	rightText, _ := json.Marshal(right)
	return bytes.Equal(leftText, rightText)
}
