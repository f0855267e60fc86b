package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
)

// passage is text that a person reads.
type passage struct {
	file string
	line int // of its beginning, from 1
	text string
}

// readPage returns a page as one passage.
func readPage(path string) ([]passage, error) {
	text, err := os.ReadFile(path)
	return []passage{{path, 1, string(text)}}, err
}

// readGo returns the comments and string literals of a Go file.
func readGo(path string) ([]passage, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var passages []passage
	add := func(pos token.Pos, text string) {
		passages = append(passages, passage{path, files.Position(pos).Line, text})
	}
	for _, group := range file.Comments {
		text := ""
		for _, comment := range group.List {
			text += comment.Text + "\n"
		}
		add(group.Pos(), text)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				add(literal.Pos(), text)
			}
		}
		return true
	})
	return passages, nil
}
