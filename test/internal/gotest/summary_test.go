package gotest

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	const run = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:9: skipped: no root; use sudo\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
`
	tests := map[string]struct {
		in   string
		want []string
		bad  []string
		ok   bool
	}{
		"counts subtests, not their parents, and names what was skipped": {
			in:   run + `{"Action":"pass","Package":"p","Elapsed":0.25}`,
			want: []string{"ok    p 0.2s\n", "Not run:\n  p TestB\n      skipped: no root; use sudo\n", "\n1 passed, 0 failed, 1 skipped\n"},
			bad:  []string{"RUN"},
			ok:   true,
		},
		"shows the output of failures": {
			in: run + `{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:1: boom\n"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}`,
			want: []string{"c_test.go:1: boom\n", "\n1 passed, 1 failed, 1 skipped\n"},
		},
		"counts a parent that fails by itself": {
			in:   run + `{"Action":"pass","Package":"p","Test":"TestD/one"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestD"}`,
			want: []string{"\n2 passed, 1 failed, 1 skipped\n"},
		},
		"a package that does not build fails": {
			in: run + `{"ImportPath":"q","Action":"build-output","Output":"q.go:1: syntax error\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"fail","Package":"q","FailedBuild":"q"}`,
			want: []string{"q.go:1: syntax error\n", "\n1 passed, 1 failed, 1 skipped\n"},
		},
		"a test binary that dies fails": {
			in: run + `{"Action":"output","Package":"p","Output":"panic: oh\n"}
{"Action":"fail","Package":"p"}`,
			want: []string{"panic: oh\n"},
		},
		"no test at all is a failure": {in: `{"Action":"skip","Package":"p"}`, want: []string{"\n0 passed, 0 failed, 0 skipped\n"}},
		"other text is kept":          {in: "go: no such thing\n", want: []string{"go: no such thing\n"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			counts, err := Report(strings.NewReader(test.in), &out)
			if err != nil || counts.OK() != test.ok {
				t.Errorf("Report = %s, %v; want OK %t", counts, err, test.ok)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in:\n%s", want, out.String())
				}
			}
			for _, bad := range test.bad {
				if strings.Contains(out.String(), bad) {
					t.Errorf("%q is in:\n%s", bad, out.String())
				}
			}
		})
	}
}
