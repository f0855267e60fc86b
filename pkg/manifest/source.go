package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/safe"
)

// stdinName stands for standard input in positions.
const stdinName = "stdin"

// inputs returns the files that one -f names, in order. It follows kubectl: a
// folder gives its .yaml, .yml and .json files sorted by name, a pattern is
// expanded only where no file has that very name.
// (k8s.io/cli-runtime pkg/resource/builder.go, FilenameParam)
func (s Source) inputs(path string) ([]input, *Problem) {
	switch {
	case path == "-":
		return []input{{name: stdinName, open: stdin(s.Stdin)}}, nil
	case strings.HasPrefix(path, "http://"), strings.HasPrefix(path, "https://"):
		return []input{{name: safe.URL(path), open: remote(s.HTTP, path)}}, nil
	}
	paths, err := expandPattern(path)
	if err != nil {
		return nil, pathProblem(path, err)
	}
	var inputs []input
	for _, path := range paths {
		files, err := s.files(path)
		if err != nil {
			return nil, pathProblem(path, err)
		}
		patches := kustomizePatches(files)
		for _, file := range files {
			if file != path && patches.has(file) {
				continue
			}
			// Positions are written with slashes everywhere, as reports for other
			// programs need them.
			inputs = append(inputs, input{name: filepath.ToSlash(file), found: file != path, open: local(file, file != path)})
		}
	}
	return inputs, nil
}

// expandPattern returns the files that path means: itself, where it exists.
// Windows, whose shells leave patterns to programs, calls one no name at all.
func expandPattern(path string) ([]string, error) {
	_, err := os.Stat(path)
	pattern := strings.ContainsAny(path, "*?[")
	if err == nil || !pattern && !errors.Is(err, fs.ErrNotExist) {
		return []string{path}, err
	}
	matches, malformed := filepath.Glob(path)
	switch {
	case malformed == nil && len(matches) > 0:
		return matches, nil
	case pattern && !errors.Is(err, fs.ErrPermission):
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return nil, err
}

// files lists path when it is a file, or else the manifests in it. A folder
// that the user named may be a symbolic link; those found in it are not
// followed, so that no circle of links is walked.
func (s Source) files(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		child := filepath.Join(path, entry.Name())
		switch {
		case entry.IsDir() && s.Recursive:
			inside, err := s.files(child)
			if err != nil {
				return nil, err
			}
			files = append(files, inside...)
		case !entry.IsDir() && isManifestName(entry.Name()) && !isFolder(child) && !s.skips(child):
			files = append(files, child)
		}
	}
	return files, nil
}

func (s Source) skips(path string) bool { return s.Skip != nil && s.Skip(path) }

// isFolder tells a link to a folder from a file.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isManifestName(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name))
}

// pathProblem words an error of the file system, as kubectl does where it has
// words of its own.
func pathProblem(path string, err error) *Problem {
	problem := &Problem{cause: err}
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		problem.Message = fmt.Sprintf("the path %q does not exist", path)
	case errors.Is(err, fs.ErrPermission):
		problem.Message = fmt.Sprintf("the path %q cannot be read: permission denied", path)
	case errors.As(err, &pathErr):
		problem.Message = fmt.Sprintf("the path %q cannot be read: %v", path, pathErr.Err)
	default:
		problem.Message = fmt.Sprintf("the path %q cannot be read: %v", path, err)
	}
	return problem
}

// nothingIn says that a path held no object.
func nothingIn(path string, inputs []input) *Problem {
	if path == "-" {
		return &Problem{Message: "no manifests in standard input"}
	}
	problem := &Problem{Message: fmt.Sprintf("no manifests in %q", path)}
	if len(inputs) == 0 {
		problem.Hint = "it has no file that ends in .yaml, .yml or .json; use -R to read the folders in it, too"
	}
	return problem
}
