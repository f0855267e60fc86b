package render

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type pair struct{ name, value string }

func pairColumns() []Column[pair] {
	return []Column[pair]{
		{Header: "NAME", Cell: func(p pair) string { return p.name }},
		{Header: "NOTE", Wide: true, Cell: func(p pair) string { return "note " + p.name }},
		{Header: "VALUE", Cell: func(p pair) string { return p.value }},
	}
}

func TestTable(t *testing.T) {
	rows := []pair{{"a", "1"}, {"a-longer-name", ""}, {"", "3"}}
	for _, test := range []struct {
		name    string
		options TableOptions
		rows    []pair
		want    string
	}{
		{name: "columns are as wide as their widest cell, and lines end without blanks", rows: rows, want: `
NAME            VALUE
a               1
a-longer-name
                3
`},
		{name: "wide", options: TableOptions{Wide: true}, rows: rows[:1], want: `
NAME   NOTE     VALUE
a      note a   1
`},
		{name: "without headers", options: TableOptions{NoHeaders: true}, rows: rows[:1], want: `
a     1
`},
		{name: "without rows", want: `
NAME   VALUE
`},
		{name: "without anything", options: TableOptions{NoHeaders: true}, want: "\n"},
		{name: "a cell stays one cell whatever is in it", rows: []pair{{"a\tb\nc", "1"}}, want: `
NAME              VALUE
a\u0009b\u000ac   1
`},
		{name: "markdown", options: TableOptions{Markdown: true}, rows: []pair{{"a|b", "1"}}, want: `
| NAME | VALUE |
|:-----|:------|
| a\|b | 1     |
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			checkError(t, Table(&out, pairColumns(), test.rows, test.options))
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// closed is a pipe whose reader has gone.
type closed struct{}

var errClosed = errors.New("broken pipe")

func (closed) Write([]byte) (int, error) { return 0, errClosed }

func TestTableTellsThatItCouldNotBeWritten(t *testing.T) {
	for _, options := range []TableOptions{{}, {Markdown: true}} {
		if err := Table(closed{}, pairColumns(), []pair{{"a", "1"}}, options); !errors.Is(err, errClosed) {
			t.Errorf("%+v: got %v", options, err)
		}
	}
	if err := Diff(closed{}, nil, object()); !errors.Is(err, errClosed) {
		t.Errorf("diff: got %v", err)
	}
}
