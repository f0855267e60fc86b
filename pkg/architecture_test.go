// Package pkg_test checks the rules of docs/design.md over the packages.
package pkg_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kubectl-nodeport/kubectl-nodeport/"

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath string
	Name       string
	Dir        string
	GoFiles    []string
	Imports    []string
}

// path is the package's folder in the module, such as "pkg/route".
func (p goPackage) path() string { return strings.TrimPrefix(p.ImportPath, module) }

func TestPackagesImportOnlyWhatTheDesignAllows(t *testing.T) {
	allowed := designTable(t)
	seen := map[string]bool{}
	for _, p := range programPackages(t) {
		seen[p.path()] = true
		row, ok := allowed[p.path()]
		if !ok {
			t.Errorf("%s has no row in the table of docs/design.md", p.path())
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(row, ours) {
				t.Errorf("%s imports %s, but docs/design.md allows only %v", p.path(), ours, row)
			}
		}
	}
	for path := range allowed {
		if !seen[path] {
			t.Errorf("docs/design.md has a row for %s, which is not there", path)
		}
	}
}

func TestLibrariesStayInThePackagesThatOwnThem(t *testing.T) {
	owners := map[string][]string{
		"github.com/spf13/cobra":            {"pkg/cli"},
		"github.com/olekukonko/tablewriter": {"pkg/render"},
		"k8s.io/client-go/kubernetes/typed": {"pkg/cluster"},
		"k8s.io/client-go/rest":             {"pkg/cluster", "pkg/cli", "pkg/tunnel"},
		"k8s.io/client-go/tools/cache":      {"pkg/cluster"},
		"k8s.io/client-go/tools/clientcmd":  {"pkg/cli"},
		"k8s.io/client-go/transport":        {"pkg/cluster", "pkg/tunnel"},
		"k8s.io/cli-runtime":                {"cmd/kubectl-nodeport", "pkg/cli", "pkg/render"},
		"go.yaml.in/yaml":                   {"pkg/manifest"},
		"net/http":                          {"pkg/cli", "pkg/cluster", "pkg/engine", "pkg/local", "pkg/manifest", "pkg/probe", "pkg/tunnel"},
		"os":                                {"cmd/kubectl-nodeport", "pkg/cli", "pkg/engine", "pkg/forward", "pkg/local", "pkg/manifest", "pkg/tunnel"},
	}
	for _, p := range programPackages(t) {
		for _, imported := range p.Imports {
			for library, packages := range owners {
				if within(imported, library) && !slices.Contains(packages, p.path()) {
					t.Errorf("%s imports %s, which only %v should", p.path(), imported, packages)
				}
			}
		}
	}
}

func TestTheProgramLinksNeitherTheWholeClientsetNorKubernetes(t *testing.T) {
	for _, p := range list(t, "-deps", "./cmd/...") {
		if p.ImportPath == "k8s.io/client-go/kubernetes" || within(p.ImportPath, "k8s.io/kubernetes") {
			t.Errorf("the program links %s", p.ImportPath)
		}
	}
	gomod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile(`\bk8s\.io/kubernetes\b`).Match(gomod) {
		t.Error("go.mod requires k8s.io/kubernetes, which is for test/rig/kubernetes alone")
	}
}

func TestPurePackagesTouchNeitherMachineNorClock(t *testing.T) {
	pure := []string{"pkg/author", "pkg/check", "pkg/kubernetes", "pkg/nodeport", "pkg/platform", "pkg/route", "pkg/snapshot", "pkg/spelling"}
	impure := []string{"os", "os/exec", "io/ioutil", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "log", "k8s.io/client-go"}
	for _, p := range programPackages(t) {
		if !slices.Contains(pure, p.path()) {
			continue
		}
		for _, imported := range p.Imports {
			if slices.ContainsFunc(impure, func(library string) bool { return within(imported, library) }) {
				t.Errorf("%s is pure, but imports %s", p.path(), imported)
			}
		}
		for _, call := range []string{"time.Now", "time.Since", "time.Sleep", "net.Dial", "net.Listen", "net.LookupHost"} {
			for _, position := range calls(t, p, call) {
				t.Errorf("%s: %s is pure, but calls %s", position, p.path(), call)
			}
		}
	}
}

func TestSocketsAreOpenedOnlyWhereTheirAddressIsChecked(t *testing.T) {
	for _, p := range programPackages(t) {
		if p.path() == "pkg/engine" || p.path() == "pkg/local" {
			continue
		}
		for _, call := range []string{"net.Listen", "net.ListenTCP", "net.ListenUDP", "net.ListenPacket", "http.ListenAndServe"} {
			for _, position := range calls(t, p, call) {
				t.Errorf("%s: %s opens a socket, which only pkg/engine and pkg/local may", position, p.path())
			}
		}
	}
}

func TestOnlyMainPackagesEndTheProcess(t *testing.T) {
	for _, p := range list(t, "./...") {
		if p.Name == "main" {
			continue
		}
		for _, call := range []string{"os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln"} {
			for _, position := range calls(t, p, call) {
				t.Errorf("%s: %s is called outside of a main package", position, call)
			}
		}
	}
}

// within tells whether a package is a library or inside of it.
func within(path, library string) bool {
	return path == library || strings.HasPrefix(path, library+"/")
}

// designTable reads from docs/design.md which of our packages each may import.
func designTable(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `((?:cmd|pkg)/[a-z/-]+)` \\|.*\\| ([^|]+) \\|$").FindAllSubmatch(text, -1)
	if len(rows) == 0 {
		t.Fatal("docs/design.md has no table of packages")
	}
	table := map[string][]string{}
	for _, row := range rows {
		names := []string{}
		for name := range strings.SplitSeq(string(row[2]), ", ") {
			if name != "—" {
				names = append(names, "pkg/"+name)
			}
		}
		table[string(row[1])] = names
	}
	return table
}

// programPackages are those that the plugin is made of.
func programPackages(t *testing.T) []goPackage {
	t.Helper()
	return slices.DeleteFunc(list(t, "./cmd/...", "./pkg/..."), func(p goPackage) bool { return len(p.GoFiles) == 0 })
}

func list(t *testing.T, args ...string) []goPackage {
	t.Helper()
	readFolders(t)
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Name,Dir,GoFiles,Imports"}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("go list: %s", exit.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	var packages []goPackage
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// readFolders lets go test see a new file: it keeps a result until something
// changes that the test itself has read, which what go list reads is not.
func readFolders(t *testing.T) {
	t.Helper()
	for _, root := range []string{"../cmd", "../pkg", "../plugins", "../test"} {
		err := filepath.WalkDir(root, func(_ string, _ fs.DirEntry, err error) error { return err })
		if err != nil {
			t.Fatal(err)
		}
	}
}

// calls returns where a package's files, tests left out, call a function of
// another package, such as "os.Exit".
func calls(t *testing.T, p goPackage, function string) []token.Position {
	t.Helper()
	from, name, _ := strings.Cut(function, ".")
	var found []token.Position
	for _, file := range p.GoFiles {
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == from && selector.Sel.Name == name {
				found = append(found, files.Position(selector.Pos()))
			}
			return true
		})
	}
	return found
}
