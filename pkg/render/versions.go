package render

import (
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Versions are those of the program and of the API server.
type Versions struct {
	Client Build `json:"client"`
	// Server is nil when it was not asked, or not reached: NotReached then says why.
	Server     *ServerVersion `json:"server,omitempty"`
	NotReached string         `json:"serverNotReached,omitempty"`
}

// Build tells what a program was made of.
type Build struct {
	Version string `json:"version"`
	// Commit is that of the sources; empty when it is not known. Modified tells
	// that they were changed since.
	Commit    string   `json:"commit,omitempty"`
	Modified  bool     `json:"modified,omitempty"`
	GoVersion string   `json:"goVersion"`
	Platform  string   `json:"platform"`
	Modules   []Module `json:"modules"`
}

// Module is a library of the program.
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

// ServerVersion is what the API server tells of itself.
type ServerVersion struct {
	Version  string `json:"version"`
	Platform string `json:"platform,omitempty"`
}

// Text writes the versions as kubectl does; with all for the modules, too.
func (v *Versions) Text(w io.Writer, all bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Client Version: %s\n", v.Client.Version)
	if v.Client.Commit != "" {
		changed := ""
		if v.Client.Modified {
			changed = ", and changes"
		}
		fmt.Fprintf(&b, "Commit: %s%s\n", v.Client.Commit, changed)
	}
	fmt.Fprintf(&b, "Go Version: %s %s\n", v.Client.GoVersion, v.Client.Platform)
	if all {
		for _, module := range v.Client.Modules {
			fmt.Fprintf(&b, "Module: %s %s\n", module.Path, module.Version)
		}
	}
	switch {
	case v.Server != nil:
		fmt.Fprintf(&b, "Server Version: %s\n", Safe(v.Server.Version))
	case v.NotReached != "":
		fmt.Fprintf(&b, "Server Version: not reached: %s\n", Safe(v.NotReached))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Object returns the versions for -o json, yaml and the templates.
func (v *Versions) Object() (*unstructured.Unstructured, error) {
	return toUnstructured(struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		*Versions
	}{APIVersion, "Version", v})
}
