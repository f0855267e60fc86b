package manifest_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

// folder writes files and returns where they are.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFilesAreTakenAsKubectlTakesThem(t *testing.T) {
	root := folder(t, map[string]string{
		"b.yaml": pod("b"), "a.yml": pod("a"), "c.json": jsonPod("c"), "notes.txt": "x", "plain": pod("plain"),
		"inner/d.yaml": pod("d"), "empty.yaml": "# nothing\n", "[x].yaml": pod("x"), "hidden/notes.txt": "x",
	})
	if err := os.Symlink(root, filepath.Join(root, "circle.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root, root+"-link"); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		paths     []string
		recursive bool
		want      string
	}{
		{"a file", []string{"b.yaml"}, false, "Pod/b"},
		{"a file of any name", []string{"plain"}, false, "Pod/plain"},
		{"files in the order given", []string{"b.yaml", "a.yml"}, false, "Pod/b Pod/a"},
		{"a folder gives its manifests by name", []string{"."}, false, "Pod/x Pod/a Pod/b Pod/c"},
		{"with -R the folders inside, too", []string{"."}, true, "Pod/x Pod/a Pod/b Pod/c Pod/d"},
		{"a pattern", []string{"*.y*ml"}, false, "Pod/x Pod/a Pod/b Pod/c"},
		{"a file that is called like a pattern", []string{"[x].yaml"}, false, "Pod/x"},
		{"a link to a folder", []string{"../" + filepath.Base(root) + "-link"}, false, "Pod/x Pod/a Pod/b Pod/c"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var paths []string
			for _, path := range test.paths {
				paths = append(paths, filepath.Join(root, path))
			}
			set, err := manifest.Read(context.Background(), manifest.Source{Paths: paths, Recursive: test.recursive})
			if err != nil || names(set) != test.want {
				t.Errorf("read %s and %v, want %s", names(set), err, test.want)
			}
		})
	}
}

func TestPathsWithNothingToRead(t *testing.T) {
	root := folder(t, map[string]string{"empty.yaml": "---\n", "text/notes.txt": "x", "a.yaml": pod("a")})
	t.Chdir(root)
	inside := `the path "a.yaml/b.yaml" cannot be read: not a directory`
	if runtime.GOOS == "windows" {
		inside = `the path "a.yaml/b.yaml" does not exist`
	}
	tests := []struct{ name, path, want string }{
		{"no such file", "b.yaml", `the path "b.yaml" does not exist`},
		{"no file matches", "*.json", `the path "*.json" does not exist`},
		{"a pattern that is none", "[", `the path "[" does not exist`},
		{"a file inside of a file", "a.yaml/b.yaml", inside},
		{"an empty file", "empty.yaml", `no manifests in "empty.yaml"`},
		{"a folder with nothing for us", "text", `no manifests in "text"; it has no file that ends in .yaml, .yml or .json; use -R to read the folders in it, too`},
		{"control characters in the path", "a\x1b[2J", `the path "a\x1b[2J" does not exist`},
		{"a zero byte in the path", "a\x00b", `the path "a\x00b" cannot be read: invalid argument`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := manifest.Read(context.Background(), manifest.Source{Paths: []string{test.path}})
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	_, err := manifest.Read(context.Background(), manifest.Source{Paths: []string{"b.yaml"}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v does not unwrap to fs.ErrNotExist", err)
	}
	if _, err = manifest.Read(context.Background(), manifest.Source{}); err == nil || err.Error() != "no manifest was named; use -f FILE" {
		t.Errorf("without any path: %v", err)
	}
}

func TestAllPathsAreReadAndAllTheirProblemsTold(t *testing.T) {
	t.Chdir(folder(t, map[string]string{"a.yaml": "kind: Pod\nmetadata: {name: a}\n", "b.yaml": pod("b")}))
	set, err := manifest.Read(context.Background(), manifest.Source{Paths: []string{"no.yaml", "a.yaml", "b.yaml"}})
	const want = "the path \"no.yaml\" does not exist\na.yaml:1:1: Pod/a: apiVersion is missing; write apiVersion: v1"
	if err == nil || err.Error() != want || names(set) != "Pod/b" {
		t.Errorf("read %s and %v", names(set), err)
	}
}

func TestURLs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/pod.yaml" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, pod("a"))
	}))
	defer server.Close()
	read := func(address string) (*manifest.Set, error) {
		return manifest.Read(context.Background(), manifest.Source{Paths: []string{address}, HTTP: server.Client()})
	}
	set, err := read(server.URL + "/pod.yaml")
	if err != nil || names(set) != "Pod/a" || set.Objects[0].Position.File != server.URL+"/pod.yaml" {
		t.Errorf("read %s and %v", names(set), err)
	}
	withPassword := strings.Replace(server.URL, "://", "://user:secret@", 1)
	_, err = read(withPassword + "/other.yaml")
	want := `cannot fetch "` + strings.Replace(server.URL, "://", "://xxxxx@", 1) + `/other.yaml": the server answered 404 Not Found`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	server.Close()
	if _, err = read(server.URL); err == nil || !strings.HasPrefix(err.Error(), `cannot fetch "`+server.URL+`": `) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("without a server: %v", err)
	}
}

func TestStandardInputIsReadOnce(t *testing.T) {
	source := stdin(pod("a"))
	source.Paths = []string{"-", "-"}
	set, err := manifest.Read(context.Background(), source)
	if names(set) != "Pod/a" || err != nil {
		t.Errorf("read %s and %v", names(set), err)
	}
	if _, err := manifest.Read(context.Background(), manifest.Source{Paths: []string{"-"}}); err == nil {
		t.Error("no standard input at all was no problem")
	}
}

func TestAFileTooLargeIsRefused(t *testing.T) {
	endless := iotest.ErrReader(io.ErrUnexpectedEOF)
	source := manifest.Source{Paths: []string{"-"}, Stdin: io.MultiReader(io.LimitReader(zeros{}, 65<<20), endless)}
	_, err := manifest.Read(context.Background(), source)
	if err == nil || err.Error() != `"stdin" is larger than 64 MiB; split it, or name only the manifests that matter` {
		t.Errorf("got %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestAnInterruptEndsTheWaitForStandardInput(t *testing.T) {
	never, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err := manifest.Read(ctx, manifest.Source{Paths: []string{"-"}, Stdin: never})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
