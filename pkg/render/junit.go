package render

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
)

// The parts of a JUnit report that CI systems read.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	File      string        `xml:"file,attr,omitempty"`
	Line      int           `xml:"line,attr,omitempty"`
	Failure   *junitFailure `xml:"failure,omitempty"`
	Skipped   *junitSkipped `xml:"skipped,omitempty"`
	Output    string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// JUnit writes a report for CI: a suite for each service, in it a failure for
// each finding that makes the check fail. Other findings pass and are told in
// the output of their case; ignored ones are skipped.
func JUnit(w io.Writer, r *Report) error {
	suites := junitSuites{Name: "kubectl nodeport expose-check"}
	for _, part := range r.parts() {
		suite := newJunitSuite(r, part)
		suites.Tests += suite.Tests
		suites.Failures += suite.Failures
		suites.Skipped += suite.Skipped
		suites.Suites = append(suites.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suites); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func newJunitSuite(r *Report, p part) junitSuite {
	suite := junitSuite{Name: Safe(p.name())}
	for _, finding := range p.findings {
		suite.add(newJunitCase(r, finding))
	}
	for _, ignored := range p.ignored {
		c := newJunitCase(r, ignored.Finding)
		c.Failure, c.Output = nil, ""
		c.Skipped = &junitSkipped{Safe(fmt.Sprintf("ignored by %s: %s", ignored.Ignore.By, ignored.Ignore.Reason))}
		suite.add(c)
	}
	if len(suite.Cases) == 0 {
		suite.add(junitCase{Name: "nothing found", ClassName: Safe(p.service.String())})
	}
	return suite
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func newJunitCase(r *Report, f check.Finding) junitCase {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: %s\n", f.Severity, f.ID, Safe(f.Message))
	if at := f.Position.String(); at != "" {
		fmt.Fprintf(&text, "at %s\n", Safe(at))
	}
	if f.Fix != "" {
		fmt.Fprintf(&text, "fix: %s\n", SafeLines(f.Fix))
	}
	c := junitCase{
		Name: f.ID + " " + title(f.ID), ClassName: Safe(refText(f.Object)), File: Safe(f.Position.File), Line: f.Position.Line,
	}
	if r.Fails(f) {
		c.Failure = &junitFailure{f.Severity.String(), Safe(f.Message), text.String()}
	} else {
		c.Output = text.String()
	}
	return c
}
