package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/safe"
)

// yamlLimit is the most that one YAML document may hold: its parsers need a
// hundred times as much memory.
const yamlLimit = 16 << 20

// value is one value of a document: its meaning, and where its parts stand.
type value struct {
	json []byte
	node *yaml.Node
}

// parse returns the values of a document: one for YAML, one or more for JSON,
// none for a document that is empty.
func (d document) parse() ([]value, *Problem) {
	if d.separator != "" {
		return nil, &Problem{
			Position: d.positionOfLine(0),
			Message:  fmt.Sprintf("the line that separates two documents holds more than \"---\": %q", shorten(d.separator)),
			Hint:     "move it to the next line",
		}
	}
	if !d.isJSON() {
		return d.parseYAML()
	}
	values, jsonProblem := d.parseJSON()
	if jsonProblem == nil {
		return values, nil
	}
	// {name: web} is YAML that starts like JSON.
	values, yamlProblem := d.parseYAML()
	if yamlProblem == nil {
		return values, nil
	}
	return nil, jsonProblem
}

func (d document) parseJSON() ([]value, *Problem) {
	var values []value
	parser := newJSONParser(d.text)
	for {
		node, start, err := parser.value()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err == nil && !json.Valid(d.text[start:parser.end()]) {
			err = errors.New("malformed value")
		}
		if err != nil {
			return nil, d.jsonProblem(parser.end(), err)
		}
		values = append(values, value{json: d.text[start:parser.end()], node: node})
	}
}

func (d document) jsonProblem(offset int, err error) *Problem {
	message := strings.TrimPrefix(err.Error(), "json: ")
	if errors.Is(err, io.ErrUnexpectedEOF) {
		offset, message = len(bytes.TrimRight(d.text, " \t\r\n")), "it ends in the middle of a value"
	}
	return &Problem{Position: d.at(offset), Message: "not valid JSON: " + safe.Text(message)}
}

func (d document) parseYAML() ([]value, *Problem) {
	if len(d.text) > yamlLimit {
		return nil, &Problem{
			Position: d.positionOfLine(1),
			Message:  fmt.Sprintf("this YAML document is larger than %d MiB", yamlLimit>>20),
			Hint:     "split it, or write it as JSON: kubectl get … -o json",
		}
	}
	var root yaml.Node
	if err := yaml.Unmarshal(d.text, &root); err != nil {
		return nil, d.yamlProblem(err)
	}
	if len(root.Content) == 0 {
		return nil, nil
	}
	if err := checkAliases(&root); err != nil {
		return nil, &Problem{Position: d.at(0), Message: "this YAML is refused: " + err.Error()}
	}
	// kubectl's library has the last word on what the values are: it follows
	// YAML 1.1, by which yes and on are booleans.
	converted, err := sigsyaml.YAMLToJSON(d.text)
	if err != nil {
		return nil, d.yamlProblem(err)
	}
	if string(converted) == "null" {
		return nil, nil
	}
	return []value{{json: converted, node: root.Content[0]}}, nil
}

// yamlProblem words a syntax error, and names the two most common causes.
func (d document) yamlProblem(err error) *Problem {
	if at := bytes.Index(d.text, []byte("{{")); at >= 0 {
		return d.helmProblem(at)
	}
	line, message := yamlError(err)
	if strings.Contains(message, "cannot start any token") || strings.Contains(message, "tab character") {
		if at := d.tabIndent(); at >= 0 {
			return &Problem{
				Position: d.at(at),
				Message:  "not valid YAML: the line is indented with a tab",
				Hint:     "indent with spaces",
			}
		}
	}
	problem := &Problem{Position: d.positionOfLine(d.lineOfError(err, line)), Message: "not valid YAML: " + safe.Text(message)}
	if strings.Contains(message, "mapping values are not allowed") || strings.Contains(message, "did not find expected") {
		problem.Hint = "check the indentation and the quotes of this line and the one before"
	}
	return problem
}

// lineOfError returns the line of a syntax error. The parser names the line at which
// it began what it could not end, if any: here it is the first line with which
// the text up to there has the same error.
func (d document) lineOfError(err error, named int) int {
	const large = 1 << 20 // it is parsed a dozen times
	if len(d.text) > large {
		return named
	}
	var ends []int
	for at := 0; at < len(d.text); {
		at = lineEnd(d.text, at)
		ends = append(ends, at)
	}
	line := 1 + sort.Search(len(ends), func(i int) bool {
		got := yaml.Unmarshal(d.text[:ends[i]], &yaml.Node{})
		return got != nil && got.Error() == err.Error()
	})
	if line > len(ends) { // it is an error of another parser
		return named
	}
	return line
}

// yamlError takes a message such as "yaml: line 3: did not find …" apart.
func yamlError(err error) (line int, message string) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	match := regexp.MustCompile(`^(?:unmarshal errors:\s*)?line (\d+): (.*)`).FindStringSubmatch(message)
	if match == nil {
		return 1, message
	}
	line, _ = strconv.Atoi(match[1])
	return line, match[2]
}

// tabIndent returns the offset of the first tab that indents a line, or -1.
func (d document) tabIndent() int {
	for at := 0; at < len(d.text); at = lineEnd(d.text, at) {
		indent := len(d.text[at:]) - len(bytes.TrimLeft(d.text[at:], " "))
		if at+indent < len(d.text) && d.text[at+indent] == '\t' {
			return at + indent
		}
	}
	return -1
}

// shorten cuts user input that is quoted in a message.
func shorten(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
