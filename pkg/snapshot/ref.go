package snapshot

import (
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Ref names an object of the cluster. It is comparable.
type Ref struct{ Kind, Namespace, Name string }

// RefOf names an object; objects from a typed client do not carry their kind.
func RefOf(kind string, object metav1.Object) Ref {
	return Ref{Kind: kind, Namespace: object.GetNamespace(), Name: object.GetName()}
}

// String writes the reference as "Kind/namespace/name", without the namespace
// for objects that have none.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + "/" + r.Name
	}
	return r.Kind + "/" + r.Namespace + "/" + r.Name
}

// Position is a place in a file. Lines and columns count from 1; zero is unknown.
type Position struct {
	File         string
	Line, Column int
}

// String writes the position as "file:line:column", leaving out what is
// unknown. The zero Position is the empty string.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	if p.Column == 0 {
		return p.File + ":" + strconv.Itoa(p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Locator finds objects and their fields in files.
type Locator interface {
	// Locate returns where a field stands, or else its nearest parent; the
	// zero Position when the object is in no file.
	Locate(object Ref, field string) Position
}
