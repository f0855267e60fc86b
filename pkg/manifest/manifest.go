// Package manifest reads Kubernetes manifests as kubectl does and knows where
// in the files each of their fields stands. Beside the command line it is the
// only package that reads files.
//
// Values mean what they mean to kubectl and the API server: YAML becomes JSON
// by the same library, and the JSON of the kinds that matter here is decoded
// strictly. A set of manifests also turns into a snapshot of the cluster that
// it would become; see [Set.Snapshot].
package manifest

import (
	"context"
	"errors"
	"io"
	"net/http"

	yaml "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Source says which manifests to read.
type Source struct {
	// Paths are files, folders, glob patterns and http(s) URLs, as kubectl's -f
	// takes them; "-" is Stdin.
	Paths []string
	// Recursive reads the folders inside of folders, too.
	Recursive bool
	// Stdin is read for "-"; nil is empty.
	Stdin io.Reader
	// HTTP fetches URLs in tests; nil is a client with limits.
	HTTP *http.Client
	// Skip reports whether a file that was found in a folder is left out; nil
	// leaves out none.
	Skip func(path string) bool
}

// Set is what manifests hold, in the order in which they were read.
type Set struct {
	Objects []*Object
	// Warnings are what an API server takes, and yet is hardly meant, such as
	// one object given twice in a folder with different contents.
	Warnings []*Problem
	// Superseded are objects that are given again with other contents; see
	// [Set.Variants].
	Superseded []*Object
}

// Object is one object of a manifest.
type Object struct {
	// Ref names the object. The namespace is empty where the manifest gives
	// none, and so is the name of an object with a generateName.
	snapshot.Ref
	APIVersion string
	// Position is where the object starts.
	Position snapshot.Position
	// Object is the typed object for the kinds that this program knows, such
	// as *corev1.Service, as written, without defaults; nil for other kinds.
	Object runtime.Object
	// JSON is what the user wrote, fit for server-side apply.
	JSON []byte

	node *yaml.Node
	// found tells that the file was found in a folder, not named by the user.
	found bool
}

// Read reads all manifests of source. The error joins every problem of every
// file; see [Problems]. The set holds whatever could be read, beside an error
// too: an object with an unknown field, for example, is in it without that
// field. It is nil only when ctx has ended.
func Read(ctx context.Context, source Source) (*Set, error) {
	r := &reader{source: source, schema: newSchema()}
	for _, path := range source.Paths {
		if err := r.path(ctx, path); err != nil {
			return nil, err
		}
	}
	if len(source.Paths) == 0 {
		r.report(&Problem{Message: "no manifest was named", Hint: "use -f FILE"})
	}
	set := r.deduplicated()
	return set, errors.Join(r.problems...)
}

// reader collects what the files hold.
type reader struct {
	source    Source
	schema    *schema
	stdinRead bool
	objects   []*Object
	problems  []error
}

func (r *reader) report(problems ...*Problem) {
	for _, problem := range problems {
		r.problems = append(r.problems, problem)
	}
}

// path reads everything that one -f names. Its error is one that ends all
// reading, such as an interrupt.
func (r *reader) path(ctx context.Context, path string) error {
	if path == "-" {
		if r.stdinRead {
			return nil
		}
		r.stdinRead = true
	}
	inputs, problem := r.source.inputs(path)
	if problem != nil {
		r.report(problem)
		return nil
	}
	objects, problems := len(r.objects), len(r.problems)
	for _, input := range inputs {
		data, problem := input.read(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		if problem != nil {
			r.report(problem)
			continue
		}
		objects, problems := len(r.objects), len(r.problems)
		r.file(input.name, data)
		for _, object := range r.objects[objects:] {
			object.found = input.found
		}
		if !input.found {
			r.named(problems)
		}
	}
	if len(r.objects) == objects && len(r.problems) == problems {
		r.report(nothingIn(path, inputs))
	}
	return nil
}

// named takes back that the problems from one on are of a foreign file: what
// the user names is meant to be read.
func (r *reader) named(from int) {
	for _, err := range r.problems[from:] {
		for _, problem := range Problems(err) {
			problem.Foreign = false
		}
	}
}

// file reads the documents of one file.
func (r *reader) file(name string, data []byte) {
	text, problem := decodeText(name, data)
	if problem != nil {
		r.report(problem)
		return
	}
	for _, document := range split(name, text) {
		objects, problems := r.document(document)
		r.objects = append(r.objects, objects...)
		r.report(problems...)
		if len(problems) > 0 && problems[0].helm {
			return
		}
	}
}
