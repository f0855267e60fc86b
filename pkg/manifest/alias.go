package manifest

import (
	"errors"
	"fmt"

	yaml "go.yaml.in/yaml/v3"
)

// expansionLimit is how many bytes YAML aliases may add to a document.
const expansionLimit = 16 << 20

var errCircle = errors.New("an anchor contains itself")

// checkAliases refuses documents whose aliases contain themselves, nest too
// deep or grow beyond measure, before anything expands them. The YAML library
// counts aliases, not how much each repeats.
func checkAliases(root *yaml.Node) error {
	m := &measure{anchors: make(map[*yaml.Node]extent)}
	_, err := m.node(root, 0)
	return err
}

// extent is how large and how deep a node is with its aliases expanded.
type extent struct {
	bytes, depth int
	open         bool
}

type measure struct {
	anchors map[*yaml.Node]extent
	aliased int
}

// node visits each node of the document once: what an alias stands for has
// been measured where it was defined.
func (m *measure) node(node *yaml.Node, depth int) (extent, error) {
	if node.Kind == yaml.AliasNode {
		return m.alias(node.Alias)
	}
	if depth > depthLimit {
		return extent{}, errTooDeep
	}
	if node.Anchor != "" {
		m.anchors[node] = extent{open: true}
	}
	// Every node costs at least its punctuation.
	size := extent{bytes: len(node.Value) + 2}
	for _, child := range node.Content {
		inside, err := m.node(child, depth+1)
		if err != nil {
			return extent{}, err
		}
		size.bytes = min(size.bytes+inside.bytes, expansionLimit+1)
		size.depth = max(size.depth, inside.depth+1)
	}
	if node.Anchor != "" {
		m.anchors[node] = size
	}
	if size.depth > depthLimit {
		return extent{}, errTooDeep
	}
	return size, nil
}

func (m *measure) alias(target *yaml.Node) (extent, error) {
	size := m.anchors[target]
	if size.open {
		return extent{}, errCircle
	}
	m.aliased += size.bytes
	if m.aliased > expansionLimit {
		return extent{}, fmt.Errorf("its aliases expand to more than %d MiB", expansionLimit>>20)
	}
	return size, nil
}
