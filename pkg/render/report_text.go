package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// TextOptions say how a report is written for people.
type TextOptions struct {
	Glyphs Glyphs
	Color  bool
	// Width is where lines are wrapped.
	Width int
	// Healthy shows services without findings too.
	Healthy bool
	// Only are the services to show; nil for all. The summary is of all.
	Only []snapshot.Ref
}

// Text writes a report for people: the ports and pods of each service, what
// was found in it, and how many findings there are.
func Text(w io.Writer, r *Report, o TextOptions) error {
	t := &textWriter{w: w, TextOptions: o, report: r}
	for _, part := range r.parts() {
		if o.Only == nil || slices.Contains(o.Only, part.service) {
			t.part(part)
		}
	}
	t.summary()
	return t.err
}

// textWriter keeps the first error, after which it writes nothing.
type textWriter struct {
	TextOptions
	w      io.Writer
	report *Report
	err    error
}

func (t *textWriter) line(text string) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w, strings.TrimRight(text, " "))
	}
}

func (t *textWriter) part(p part) {
	if len(p.findings) == 0 && !t.Healthy {
		return
	}
	if p.service != (snapshot.Ref{}) {
		t.ports(p)
	}
	for _, finding := range p.findings {
		t.finding(finding)
	}
	t.line("")
}

// ports draws the three ports of each port of a service, and where they lead.
func (t *textWriter) ports(p part) {
	name := Safe(p.name())
	service := t.report.Table.Service(p.service.Namespace, p.service.Name)
	if service == nil {
		t.line(t.bold(name))
		return
	}
	for i := range service.Ports {
		port := &service.Ports[i]
		sign := ""
		if len(p.findings)+len(p.ignored) == 0 {
			sign = t.Glyphs.Yes + " "
		}
		line := fmt.Sprintf("%s%s  %s", sign, t.bold(name), t.threePorts(port))
		t.line(line)
		if walk := t.report.walkOf(p.service, port); walk != nil {
			t.walk(walk)
		} else if t.report.Live {
			t.pods(port)
		}
	}
}

func (t *textWriter) threePorts(port *route.Port) string {
	ports := ThreePorts(&route.Service{}, port, t.Glyphs)
	if port.Name != "" {
		ports = port.Name + "  " + ports
	}
	return Safe(ports)
}

// pods lists the endpoints of a port.
func (t *textWriter) pods(port *route.Port) {
	for i, line := range wrapItems(t.podItems(port), t.Width-8) {
		head := "  pods  "
		if i > 0 {
			head = "        "
		}
		t.line(head + line)
	}
}

// podItems are the endpoints of a port, the first few of many.
func (t *textWriter) podItems(port *route.Port) []string {
	const most = 4
	switch {
	case len(port.Endpoints) == 0 && t.report.Table.EndpointsUnknown:
		return []string{"unknown"}
	case len(port.Endpoints) == 0:
		return []string{"none"}
	}
	var pods []string
	for i := range port.Endpoints[:min(most, len(port.Endpoints))] {
		pods = append(pods, t.pod(&port.Endpoints[i]))
	}
	if rest := len(port.Endpoints) - most; rest > 0 {
		pods = append(pods, fmt.Sprintf("and %d more, %d of %d ready", rest, port.ReadyEndpoints(), len(port.Endpoints)))
	}
	return pods
}

func (t *textWriter) pod(e *route.Endpoint) string {
	sign := t.Glyphs.Yes
	if !e.Ready {
		sign = t.Glyphs.No
	}
	text := sign + " "
	if e.Pod != "" {
		text += e.Pod + " "
	}
	text += e.Address.String()
	if e.Node != "" {
		text += " on " + e.Node
	}
	return Safe(text)
}

// finding writes its cause, its place and its fix under each other.
func (t *textWriter) finding(f check.Finding) {
	const indent = "         "
	head := fmt.Sprintf("%-7s  %s  ", f.Severity, f.ID)
	lines := wrap(Safe(f.Message), t.Width-len(head))
	for i, line := range lines {
		if i == 0 {
			t.line(t.colored(f.Severity, head[:7]) + head[7:] + line)
		} else {
			t.line(strings.Repeat(" ", len(head)) + line)
		}
	}
	if at := f.Position.String(); at != "" {
		t.line(indent + "at " + Safe(at))
	} else if f.Object != f.Service && f.Object.Name != "" {
		t.line(indent + "at " + Safe(f.Object.String()))
	}
	for _, line := range t.fix(f.Fix) {
		t.line(indent + line)
	}
}

// fix wraps what is to be read, and leaves what is to be pasted on one line.
func (t *textWriter) fix(fix string) []string {
	if fix == "" {
		return nil
	}
	sentence, command := fix, ""
	if at := strings.Index(fix, "kubectl "); at >= 0 {
		sentence, command = strings.TrimSpace(fix[:at]), fix[at:]
	} else if at := strings.Index(fix, `{"`); at >= 0 {
		sentence, command = strings.TrimSpace(fix[:at]), fix[at:]
	}
	whole := strings.Join(strings.Fields("fix: "+sentence), " ")
	switch {
	case command == "":
		return hang(wrap(Safe(whole), t.Width-14))
	case sentence == "" || len(whole)+1+len(command) <= t.Width-9:
		return []string{Safe(whole + " " + command)}
	}
	return append(hang(wrap(Safe(whole), t.Width-14)), "     "+Safe(command))
}

// hang indents all lines but the first below the word behind "fix:".
func hang(lines []string) []string {
	for i := range lines[1:] {
		lines[i+1] = "     " + lines[i+1]
	}
	return lines
}

func (t *textWriter) summary() {
	r := t.report
	text := counted(len(r.Services), "service") + " checked: "
	var found []string
	for _, severity := range []check.Severity{check.Error, check.Warning, check.Info} {
		if n := r.count(severity); n > 0 {
			noun := severity.String()
			if severity == check.Info {
				noun = "note"
			}
			found = append(found, counted(n, noun))
		}
	}
	if len(found) == 0 {
		found = []string{"nothing found"}
	}
	if len(r.Ignored) > 0 {
		found = append(found, fmt.Sprintf("%d ignored", len(r.Ignored)))
	}
	t.line(text + strings.Join(found, ", "))
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// The escapes of a terminal (ECMA-48, SGR).
const (
	red, yellow, cyan, bold, plainText = "\x1b[1;31m", "\x1b[33m", "\x1b[36m", "\x1b[1m", "\x1b[0m"
)

func (t *textWriter) bold(text string) string {
	if !t.Color {
		return text
	}
	return bold + text + plainText
}

func (t *textWriter) colored(severity check.Severity, text string) string {
	if !t.Color {
		return text
	}
	color := map[check.Severity]string{check.Error: red, check.Warning: yellow, check.Info: cyan}[severity]
	return color + text + plainText
}
