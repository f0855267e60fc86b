package manifest

import (
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Locate returns where a field of the object stands, such as
// "spec.ports[0].nodePort", "spec.selector[app]" or
// "metadata.labels[app.kubernetes.io/name]": the place of its name, or of the
// item of a list. Where the object has no such field it is the nearest parent;
// the empty field is the object itself.
func (o *Object) Locate(field string) snapshot.Position {
	position := o.Position
	if o.node == nil {
		return position
	}
	offset := o.Position.Line - o.node.Line
	node := o.node
	for _, step := range steps(field) {
		name, inside := find(node, step)
		if inside == nil {
			break
		}
		position.Line, position.Column = name.Line+offset, name.Column
		node = inside
	}
	return position
}

// steps takes a field apart: "spec.ports[0].nodePort" is spec, ports, 0 and
// nodePort. What stands in brackets may hold dots.
func steps(field string) []string {
	var steps []string
	for field != "" {
		if inside, ok := strings.CutPrefix(field, "["); ok {
			step, rest, _ := strings.Cut(inside, "]")
			steps = append(steps, step)
			field = strings.TrimPrefix(rest, ".")
			continue
		}
		end := strings.IndexAny(field, ".[")
		if end < 0 {
			end = len(field)
		}
		if end > 0 {
			steps = append(steps, field[:end])
		}
		field = strings.TrimPrefix(field[end:], ".")
	}
	return steps
}

// find returns a member of a mapping or a list: the node at which it stands,
// which for a mapping is that of the name, and the node that it is. It follows
// aliases and merge keys; nil when there is no such member.
func find(node *yaml.Node, step string) (name, member *yaml.Node) {
	node = dereference(node)
	switch node.Kind {
	case yaml.SequenceNode:
		index, err := strconv.Atoi(step)
		if err != nil || index < 0 || index >= len(node.Content) {
			return nil, nil
		}
		return node.Content[index], node.Content[index]
	case yaml.MappingNode:
		// The last of two equal keys is the one that counts.
		for i := len(node.Content) - 2; i >= 0; i -= 2 {
			if key := dereference(node.Content[i]); key.Kind == yaml.ScalarNode && key.Value == step {
				return node.Content[i], node.Content[i+1]
			}
		}
		return findMerged(node, step)
	}
	return nil, nil
}

// findMerged looks through the mappings that "<<" merges into node.
func findMerged(node *yaml.Node, step string) (name, member *yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if !isMerge(node.Content[i]) {
			continue
		}
		merged := dereference(node.Content[i+1])
		sources := []*yaml.Node{merged}
		if merged.Kind == yaml.SequenceNode {
			sources = merged.Content
		}
		for _, source := range sources {
			if source = dereference(source); source.Kind != yaml.MappingNode {
				continue
			}
			if name, member := find(source, step); member != nil {
				return name, member
			}
		}
	}
	return nil, nil
}

// isMerge tells the key "<<", which takes a mapping's content from elsewhere.
func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && key.Tag == "!!merge"
}

// child returns a member of a mapping or a list, or nil.
func child(node *yaml.Node, step string) *yaml.Node {
	if node == nil {
		return nil
	}
	_, member := find(node, step)
	return member
}

// dereference follows an alias.
func dereference(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode && node.Alias != nil {
		node = node.Alias
	}
	return node
}
