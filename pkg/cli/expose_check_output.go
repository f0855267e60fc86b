package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// reportOutput is a format and where it goes.
type reportOutput struct {
	format string
	path   string // empty for the standard output
}

func reportFormats() []string { return []string{"text", "json", "yaml", "sarif", "junit", "github"} }

// parseOutputs reads "FORMAT" and "FORMAT=FILE". Only one can go to the
// standard output.
func parseOutputs(texts []string) ([]reportOutput, error) {
	var outputs []reportOutput
	written := map[string]string{}
	for _, text := range texts {
		format, path, given := strings.Cut(text, "=")
		switch other, twice := written[path]; {
		case !slices.Contains(reportFormats(), format):
			return nil, fmt.Errorf("there is no output format %q; give one of %s", format, strings.Join(reportFormats(), ", "))
		case given && path == "":
			return nil, fmt.Errorf("%q names no file", text)
		case twice && path == "":
			return nil, fmt.Errorf("only one of %s and %s can go to the standard output; give the other a file: -o %s=FILE", other, format, format)
		case twice:
			return nil, fmt.Errorf("%s and %s cannot both be written to %q", other, format, path)
		}
		written[path] = format
		outputs = append(outputs, reportOutput{format, path})
	}
	return outputs, nil
}

// write writes the report everywhere it was asked for, files first.
func (o *exposeCheckOptions) write(r *render.Report) error {
	for _, output := range o.outputs {
		if output.path == "" {
			continue
		}
		var content bytes.Buffer
		if err := o.format(&content, r, output.format, false); err != nil {
			return err
		}
		if err := os.WriteFile(output.path, content.Bytes(), 0o644); err != nil {
			return fmt.Errorf("cannot write the report: %w", err)
		}
	}
	for _, output := range o.outputs {
		if output.path == "" {
			if err := o.format(o.Out, r, output.format, o.terminal.out); err != nil {
				return err
			}
		}
	}
	o.tellBlind(r)
	return nil
}

func (o *exposeCheckOptions) format(w io.Writer, r *render.Report, format string, terminal bool) error {
	switch format {
	case "json":
		return render.JSON(w, r)
	case "yaml":
		return render.YAML(w, r)
	case "sarif":
		return render.SARIF(w, r)
	case "junit":
		return render.JUnit(w, r)
	case "github":
		return render.GitHub(w, r)
	}
	return o.people(w, r, terminal)
}

// people writes the text. All services are shown when they are few or were
// named; of many only those in which something was found.
func (o *exposeCheckOptions) people(w io.Writer, r *render.Report, terminal bool) error {
	const few = 5
	if len(r.Services) == 0 && len(r.Findings)+len(r.Ignored) == 0 {
		where := o.where
		if o.files != nil {
			where = "the manifests"
		}
		o.say("No NodePort services found in %s.", where)
		return nil
	}
	options := o.textOptions(w, terminal)
	options.Healthy = len(r.Services) <= few || len(o.targets) > 0
	return render.Text(w, r, options)
}

func (o *exposeCheckOptions) textOptions(w io.Writer, terminal bool) render.TextOptions {
	return render.TextOptions{Glyphs: o.terminal.glyphs, Color: terminal && colorful(os.Getenv), Width: o.width(w)}
}

// width is that of the terminal, but not more than people like to read.
func (o *exposeCheckOptions) width(w io.Writer) int {
	const most, least = 80, 40
	if file, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			return min(max(width, least), most)
		}
	}
	return most
}

// colorful follows https://no-color.org.
func colorful(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// tellBlind names what could not be read or tried, and the findings that may be
// missing for it. The reasons, one for each, are in -o json.
func (o *exposeCheckOptions) tellBlind(r *render.Report) {
	var read, tried, rules []string
	reason := ""
	for _, gap := range r.Gaps {
		if strings.Contains(gap.Resource, "/") {
			tried = append(tried, gap.Resource)
		} else {
			read = append(read, gap.Resource)
			reason = cmp.Or(reason, gap.Reason)
		}
		rules = append(rules, gap.Rules...)
	}
	slices.Sort(read)
	slices.Sort(rules)
	if len(read) > 0 {
		o.say("note: %s could not be read: %s", strings.Join(slices.Compact(read), ", "), render.Safe(reason))
	}
	if len(tried) > 0 {
		o.say("note: not tried from inside the cluster, for want of permission for %s", strings.Join(tried, ", "))
	}
	if rules = slices.Compact(rules); len(rules) > 0 {
		o.say("  so these findings may be missing: %s", strings.Join(rules, ", "))
	}
}
