package manifest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	dirs, _ := filepath.Glob(os.Getenv("CORPUS") + "/*")
	for _, d := range dirs {
		if _, err := os.Stat(d + "/manifests.yaml"); err != nil {
			continue
		}
		set, err := Read(context.Background(), Source{Paths: []string{d + "/manifests.yaml"}})
		if err != nil || len(set.Warnings) > 0 {
			fmt.Println("==", filepath.Base(d))
			fmt.Println(err)
			for _, w := range set.Warnings {
				fmt.Println("W", w)
			}
		}
		set.Snapshot(Defaults{})
	}
}

func TestSlow(t *testing.T) {
	n := 16 << 20
	svc := "apiVersion: v1\nkind: Service\nmetadata:\n  name: web%d\nspec:\n  type: NodePort\n  selector: {app: web}\n  ports:\n  - port: 82\n    targetPort: http\n---\n"
	var many strings.Builder
	for i := 0; many.Len() < n; i++ {
		fmt.Fprintf(&many, svc, i)
	}
	rep := func(s string) string { return strings.Repeat(s, n/len(s)) }
	cases := map[string]string{
		"services": many.String(), "comments": rep("#\n"), "dashes": rep("- "), "dashlines": rep("- a\n"), "questions": rep("? "), "anchors": rep("- &a b\n"),
		"braces": rep("{"), "brackets": rep("["), "jsonbraces": rep(`{"a":`), "keys": rep("a: b\n"), "quote": "\"" + rep("a"), "pipe": "a: |\n" + rep(" x\n"), "docs": rep("---\n"), "jsons": rep("{}"),
		"merge": "a: &a {b: c}\n" + rep("<<: *a\n"), "alias": "a: &a {b: c}\nb:\n" + rep("- *a\n"), "chain": chain(n / 40), "bigalias": "a: &a " + strings.Repeat("x", n/2) + "\nb:\n" + strings.Repeat("- *a\n", n/10),
		"unknown": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n" + rep("  a: b\n"), "comma": "[" + rep(","), "colon": rep(":"), "tabs": rep("\t"), "spaces": rep(" "), "newlines": rep("\n"), "crs": rep("\r"),
		"percent": rep("%a\n"), "bangs": rep("! "), "flowkeys": "{" + rep("a, "), "indent": indents(3000), "helm": rep("{{ .x }}\n"), "replicas": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2000000000}",
		"names": names(n),
	}
	for name, text := range cases {
		if f := os.Getenv("CASE"); f != "" && f != name { continue }
		runtime.GC()
		start := time.Now()
		set, err := Read(context.Background(), Source{Paths: []string{"-"}, Stdin: bytes.NewReader([]byte(text))})
		set.Snapshot(Defaults{})
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		msg := fmt.Sprint(err)
		if len(msg) > 150 {
			msg = msg[:150]
		}
		fmt.Printf("%-10s %6.2f MB %v heap %d MB %d objects %s\n", name, float64(len(text))/1e6, time.Since(start).Round(time.Millisecond), m.HeapSys>>20, len(set.Objects), msg)
	}
}
func names(n int) string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n")
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "  k%d: x\n", i)
	}
	return b.String()
}
func chain(n int) string {
	var b strings.Builder
	b.WriteString("- &a0 [x]\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "- &a%d [*a%d]\n", i, i-1)
	}
	return b.String()
}
func indents(n int) string {
	var b strings.Builder
	for i := 0; i < n; i++ {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
