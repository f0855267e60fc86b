package render

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Columns writes objects as rows with the columns that the user chose, as
// kubectl's custom-columns do. (k8s.io/kubectl pkg/cmd/get/customcolumn.go)
type Columns struct {
	headers []string
	fields  []field
	// NoHeaders leaves the first line out.
	NoHeaders bool
}

// ParseColumns reads what follows -o custom-columns=, such as
// NAME:.metadata.name,PORT:.ports[0].nodePort. Its errors are worded as kubectl's.
func ParseColumns(spec string) (*Columns, error) {
	if spec == "" {
		return nil, errors.New("custom-columns format specified but no custom columns given")
	}
	c := &Columns{}
	for column := range strings.SplitSeq(spec, ",") {
		header, path, found := strings.Cut(column, ":")
		if !found {
			return nil, fmt.Errorf("unexpected custom-columns spec: %s, expected <header>:<json-path-expr>", column)
		}
		if err := c.add(header, path); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// ParseColumnsFile reads the file of -o custom-columns-file=: a line of headers
// and a line of fields, with blanks between them.
func ParseColumnsFile(text string) (*Columns, error) {
	const form = "Expected format is one line of space separated headers, one line of space separated column specs"
	lines := strings.Split(text, "\n")
	switch {
	case text == "":
		return nil, errors.New("invalid template, missing header line. " + form)
	case len(lines) == 1 || len(lines) == 2 && lines[1] == "":
		return nil, errors.New("invalid template, missing spec line. " + form)
	}
	headers, fields := strings.Fields(lines[0]), strings.Fields(lines[1])
	if len(headers) != len(fields) {
		return nil, fmt.Errorf("number of headers (%d) and field specifications (%d) don't match", len(headers), len(fields))
	}
	c := &Columns{}
	for i, header := range headers {
		if err := c.add(header, fields[i]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Columns) add(header, path string) error {
	f, err := parseField(header, path)
	if err != nil {
		return fmt.Errorf("column %s: %w", Safe(header), err)
	}
	c.headers, c.fields = append(c.headers, Safe(header)), append(c.fields, f)
	return nil
}

// PrintObj writes what Object returns: a row for each service.
func (c *Columns) PrintObj(object runtime.Object, w io.Writer) error {
	u, ok := object.(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("cannot write a %T in columns", object)
	}
	items := []map[string]any{u.Object}
	if list, ok := u.Object["items"].([]any); ok {
		items = nil
		for _, item := range list {
			items = append(items, item.(map[string]any))
		}
	}
	var lines [][]string
	if !c.NoHeaders {
		lines = append(lines, c.headers)
	}
	for _, item := range items {
		line, err := c.row(item)
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	return plain(w, lines)
}

func (c *Columns) row(item map[string]any) ([]string, error) {
	var cells []string
	for _, f := range c.fields {
		values, err := f.of(item)
		if err != nil {
			return nil, err
		}
		var texts []string
		for _, value := range values {
			texts = append(texts, Safe(fmt.Sprint(value)))
		}
		if len(texts) == 0 {
			texts = []string{"<none>"}
		}
		cells = append(cells, strings.Join(texts, ","))
	}
	return cells, nil
}
