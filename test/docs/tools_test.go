package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Pages name commands for people who work on this project, too heavy to be run
// here: benchmarks, tests, make. What they name has to be there.
func TestToolsThatThePagesNameAreThere(t *testing.T) {
	named := 0
	for _, p := range pages(t) {
		for i, line := range p.lines {
			for _, command := range toolsIn(line) {
				named++
				if problem := command.problem(); problem != "" {
					t.Errorf("%s:%d: %s: %s", p.path, i+1, command.text, problem)
				}
			}
		}
	}
	if named < 20 {
		t.Errorf("only %d commands were found", named)
	}
}

func TestToolsThatAreNotThereAreFound(t *testing.T) {
	for command, want := range map[string]string{
		"go run ./test/bench -services 200":                   "",
		"go run ./test/none":                                  "there is no package test/none",
		"go run ./pkg/route":                                  "pkg/route is no program",
		"go run ./test/bench -pod 200":                        "test/bench has no flag -pod",
		"go test ./...":                                       "",
		"go test ./test/e2e -run TestForwardCosts -v":         "",
		"go test ./test/e2e -run TestForwardCost/anything -v": "",
		"go test ./test/e2e -run TestForwardPays":             "test/e2e has no test TestForwardPays",
		"go test ./test/parity -cases 5000 -timeout 2h":       "",
		"go test ./test/parity -case 5000":                    "test/parity has no flag -case",
		"make test-unit VERSION=v0.1.0":                       "",
		"make tests":                                          "the Makefile has no target tests",
	} {
		found := toolsIn("run `" + command + "` for that")
		if len(found) != 1 || found[0].problem() != want {
			t.Errorf("%s: got %v, want problem %q", command, found, want)
			if len(found) == 1 {
				t.Log(found[0].problem())
			}
		}
	}
}

// tool is a command line of go or make.
type tool struct {
	text  string
	words []string
}

var toolCommand = regexp.MustCompile("(?:^|[`\\s(])((?:go (?:run|test)|make) [^`|#;&<>)]+)")

// toolsIn finds what stands in code or in a block: prose has no dot or dash
// behind these words.
func toolsIn(line string) []tool {
	var found []tool
	for _, match := range toolCommand.FindAllStringSubmatch(line, -1) {
		words := strings.Fields(match[1])
		quoted := strings.HasPrefix(strings.TrimSpace(line), match[1]) || strings.Contains(line, "`"+match[1]) || strings.Contains(line, "$PATH\" "+match[1])
		if quoted && len(words) > 1 {
			found = append(found, tool{strings.Join(words, " "), words})
		}
	}
	return found
}

func (c tool) problem() string {
	if c.words[0] == "make" {
		return c.target()
	}
	return c.packages()
}

func (c tool) target() string {
	makefile, _ := os.ReadFile(filepath.Join(root, "Makefile"))
	for _, target := range c.words[1:] {
		if strings.Contains(target, "=") {
			continue
		}
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(makefile) {
			return "the Makefile has no target " + target
		}
	}
	return ""
}

// packages are those of go run and go test, with the flags that are theirs.
func (c tool) packages() string {
	at := slices.IndexFunc(c.words, func(word string) bool { return strings.HasPrefix(word, "./") })
	if at < 0 {
		return "" // flags alone, such as go test -timeout 40m
	}
	dir, all := strings.CutSuffix(strings.TrimPrefix(c.words[at], "./"), "...")
	dir = strings.TrimSuffix(dir, "/")
	sources, _ := filepath.Glob(filepath.Join(root, dir, "*.go"))
	switch {
	case all:
		if _, err := os.Stat(filepath.Join(root, dir)); err != nil {
			return "there is no folder " + dir
		}
		return ""
	case len(sources) == 0:
		return "there is no package " + dir
	}
	text := read(sources)
	if c.words[1] == "run" && !strings.Contains(text, "package main\n") {
		return dir + " is no program"
	}
	for i, word := range c.words[2:] {
		name, isFlag := strings.CutPrefix(word, "-")
		switch {
		case !isFlag || c.words[1] == "run" && i+2 < at || c.words[1] == "test" && slices.Contains(flagsOfGoTest(), name):
		case name == "run" && i+3 < len(c.words):
			test, _, _ := strings.Cut(c.words[i+3], "/")
			if !regexp.MustCompile(`func ` + test).MatchString(text) {
				return dir + " has no test " + test
			}
		case !regexp.MustCompile(`\.\w+\((?:&[\w.]+, )?"`+regexp.QuoteMeta(name)+`", `).MatchString(text) && !subcommandFollows(c.words, at, i+2):
			return dir + " has no flag -" + name
		}
	}
	return ""
}

// subcommandFollows tells that what stands behind the package is a word, whose
// flags may be of another program: go run ./test/rig client ss -ltnp.
func subcommandFollows(words []string, at, flag int) bool {
	return words[1] == "run" && at+1 < flag && !strings.HasPrefix(words[at+1], "-")
}

func flagsOfGoTest() []string {
	return []string{"v", "json", "race", "count", "timeout", "bench", "fuzz", "fuzztime", "p"}
}

func read(names []string) string {
	var text strings.Builder
	for _, name := range names {
		data, _ := os.ReadFile(name)
		text.Write(data)
	}
	return text.String()
}
