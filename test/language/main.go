// Command language reports the words that docs/glossary.md says to avoid, in the
// pages, and in the comments and messages of the Go code. It exits with 1 when
// it finds any.
//
//	go run ./test/language
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const glossaryPage = "docs/glossary.md"

func main() {
	found, err := check(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "language:", err)
		os.Exit(2)
	}
	for _, use := range found {
		fmt.Println(use)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// check returns the words to avoid that the files below root use.
func check(root string) ([]use, error) {
	page, err := os.ReadFile(filepath.Join(root, glossaryPage))
	if err != nil {
		return nil, err
	}
	words, err := parseGlossary(string(page))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", glossaryPage, err)
	}
	var found []use
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return skipFolder(path, entry, err)
		}
		passages, err := read(path)
		if err != nil {
			return err
		}
		for _, p := range passages {
			found = append(found, words.in(p)...)
		}
		return nil
	})
	return found, err
}

// skipFolder leaves out what is not written for this project's readers.
func skipFolder(path string, entry fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	name := entry.Name()
	if path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "dist") {
		return fs.SkipDir
	}
	return nil
}

// read returns the passages of a file; none for a file of another kind.
func read(path string) ([]passage, error) {
	slashed := filepath.ToSlash(path)
	switch {
	case strings.HasSuffix(slashed, glossaryPage), strings.Contains(slashed, "test/language/"):
		return nil, nil
	case strings.HasSuffix(path, ".md"):
		return readPage(path)
	case strings.HasSuffix(path, ".go"):
		return readGo(path)
	}
	return nil, nil
}
