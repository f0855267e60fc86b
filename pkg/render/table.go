// Package render writes what the commands found: tables, pictures, lists of
// findings and the objects behind -o json. Nothing that it writes from a
// cluster can control a terminal.
package render

import (
	"bytes"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
	"k8s.io/cli-runtime/pkg/printers"
)

// Column is one column of a table of T.
type Column[T any] struct {
	Header string
	// Wide columns are left out unless asked for.
	Wide bool
	// Cell is the text of one row; an empty one is left blank.
	Cell func(T) string
}

// TableOptions say how a table is written.
type TableOptions struct {
	Wide      bool
	NoHeaders bool
	// Markdown writes a table for documents and tickets.
	Markdown bool
}

// Table writes rows under the headers of their columns.
//
// Lists have the look of kubectl's and come from its own writer; tablewriter
// takes 25 µs a row, too long for a cluster of thousands of services.
func Table[T any](w io.Writer, columns []Column[T], rows []T, o TableOptions) error {
	var headers []string
	var shown []Column[T]
	for _, column := range columns {
		if !column.Wide || o.Wide {
			headers = append(headers, column.Header)
			shown = append(shown, column)
		}
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		for _, column := range shown {
			cells[i] = append(cells[i], Safe(column.Cell(row)))
		}
	}
	if o.Markdown {
		return markdown(w, headers, cells)
	}
	if !o.NoHeaders {
		cells = append([][]string{headers}, cells...)
	}
	return plain(w, cells)
}

// plain aligns columns as kubectl does, but leaves no blanks at line ends.
func plain(w io.Writer, lines [][]string) error {
	var padded, out bytes.Buffer
	table := printers.GetNewTabWriter(&padded)
	for _, cells := range lines {
		if _, err := io.WriteString(table, strings.Join(cells, "\t")+"\n"); err != nil {
			return err
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for line := range bytes.Lines(padded.Bytes()) {
		out.Write(bytes.TrimRight(line, " \n"))
		out.WriteByte('\n')
	}
	_, err := out.WriteTo(w)
	return err
}

func markdown(w io.Writer, headers []string, lines [][]string) error {
	var out bytes.Buffer // the table would not tell that it cannot be written
	table := tablewriter.NewTable(&out,
		tablewriter.WithRenderer(renderer.NewMarkdown()),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAutoWrap(tw.WrapNone))
	table.Header(headers)
	for _, cells := range lines {
		escaped := make([]string, len(cells))
		for i, cell := range cells {
			escaped[i] = strings.ReplaceAll(cell, "|", `\|`) // the renderer does not
		}
		if err := table.Append(escaped); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	_, err := out.WriteTo(w)
	return err
}
