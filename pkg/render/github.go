package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
)

// GitHub writes the findings as workflow commands, which GitHub Actions shows
// beside the lines of a pull request.
func GitHub(w io.Writer, r *Report) error {
	for _, f := range r.Findings {
		var properties []string
		if f.Position.File != "" {
			properties = append(properties, "file="+githubProperty(f.Position.File))
		}
		if f.Position.Line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d,col=%d", f.Position.Line, max(f.Position.Column, 1)))
		}
		properties = append(properties, "title="+githubProperty(f.ID+" "+title(f.ID)))
		text := f.Message
		if f.Position.File == "" && f.Object.Name != "" {
			text = f.Object.String() + ": " + text
		}
		if f.Fix != "" {
			text += "\nfix: " + f.Fix
		}
		if _, err := fmt.Fprintf(w, "::%s %s::%s\n", githubCommand(f.Severity), strings.Join(properties, ","), githubText(text)); err != nil {
			return err
		}
	}
	return nil
}

func githubCommand(severity check.Severity) string {
	if severity == check.Info {
		return "notice"
	}
	return severity.String()
}

// githubText escapes what would end a command, or start another.
func githubText(text string) string {
	text = strings.NewReplacer("%", "%25", "\r", "%0D").Replace(SafeLines(text))
	return strings.ReplaceAll(text, "\n", "%0A")
}

func githubProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubText(strings.ReplaceAll(text, "\n", " ")))
}
