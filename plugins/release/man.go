package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cli"
)

// manFolder is where the pages are in an archive; .goreleaser.yaml has the same.
const manFolder = "man"

// writeManPages writes the pages into dir.
func writeManPages(version, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, page := range manPages(version) {
		if err := os.WriteFile(filepath.Join(dir, page.name), page.data, page.mode); err != nil {
			return err
		}
	}
	return nil
}

// manPages returns a page for the program and one for each command, from their
// help. The same version and commit give the same bytes.
func manPages(version string) []file {
	root := cli.Root(genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: io.Discard})
	root.PersistentFlags().Lookup("cache-dir").DefValue = "~/.kube/cache" // not that of whoever builds
	about := manHeader{version: version, at: commitTime()}
	pages := []file{{manName(root) + ".1", 0o644, about.page(root)}}
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() && cmd.Name() != "options" {
			pages = append(pages, file{manName(cmd) + ".1", 0o644, about.page(cmd)})
		}
	}
	return pages
}

// manName is the name that man is asked for, as of git's and kubectl's pages.
func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manHeader is what every page says of the program.
type manHeader struct {
	version string
	at      time.Time
}

// page writes a page in the language of man(7).
func (h manHeader) page(cmd *cobra.Command) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH %s 1 %s %s %s\n", quoted(strings.ToUpper(manName(cmd))), h.at.Format(time.DateOnly),
		quoted("kubectl-nodeport "+h.version), quoted("kubectl nodeport"))
	b.WriteString(".nh\n.ad l\n") // commands are not hyphenated, nor lines stretched
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(manName(cmd)), roff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(synopsis(cmd)))
	b.WriteString(".SH DESCRIPTION\n")
	manText(&b, cmd.Long)
	manCommands(&b, cmd)
	manFlags(&b, "OPTIONS", cmd.LocalNonPersistentFlags())
	if !cmd.HasParent() {
		manFlags(&b, "OPTIONS OF ALL COMMANDS", cmd.PersistentFlags())
	}
	if cmd.HasExample() {
		b.WriteString(".SH EXAMPLES\n")
		manLiteral(&b, strings.Split(cmd.Example, "\n"))
	}
	manSeeAlso(&b, cmd)
	return b.Bytes()
}

func synopsis(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return cmd.UseLine()
	}
	return cmd.CommandPath() + " COMMAND [flags]"
}

// manText writes paragraphs; lines that are indented stay as they are.
func manText(b *bytes.Buffer, text string) {
	for n, paragraph := range strings.Split(text, "\n\n") {
		lines := strings.Split(strings.Trim(paragraph, "\n"), "\n")
		if n > 0 {
			b.WriteString(".PP\n")
		}
		if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  ") }); i >= 0 {
			manLines(b, lines[:i])
			manLiteral(b, lines[i:])
			continue
		}
		manLines(b, lines)
	}
}

func manLines(b *bytes.Buffer, lines []string) {
	for _, line := range lines {
		b.WriteString(roff(line) + "\n")
	}
}

func manLiteral(b *bytes.Buffer, lines []string) {
	b.WriteString(".nf\n")
	manLines(b, lines)
	b.WriteString(".fi\n")
}

func manCommands(b *bytes.Buffer, cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	b.WriteString(".SH COMMANDS\n")
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(sub.Name()), roff(sub.Short))
		}
	}
}

func manFlags(b *bytes.Buffer, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", title)
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(flag)
		value = strings.NewReplacer("stringArray", "string", "strings", "string").Replace(value) // as typed each time
		b.WriteString(".TP\n")
		if flag.Shorthand != "" && flag.ShorthandDeprecated == "" {
			fmt.Fprintf(b, "\\fB%s\\fR, ", roff("-"+flag.Shorthand))
		}
		fmt.Fprintf(b, "\\fB%s\\fR", roff("--"+flag.Name))
		if value != "" {
			fmt.Fprintf(b, "=\\fI%s\\fR", roff(value))
		}
		if !slices.Contains([]string{"", "false", "0", "0s", "[]"}, flag.DefValue) {
			usage += " (default " + flag.DefValue + ")"
		}
		fmt.Fprintf(b, "\n%s\n", roff(usage))
	})
}

func manSeeAlso(b *bytes.Buffer, cmd *cobra.Command) {
	others := []string{}
	if cmd.HasParent() {
		others = append(others, manName(cmd.Parent()))
	} else {
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() && sub.Name() != "options" {
				others = append(others, manName(sub))
			}
		}
	}
	b.WriteString(".SH SEE ALSO\n")
	for _, name := range append(others, "kubectl") {
		fmt.Fprintf(b, ".BR %s (1)", roff(name))
		if name != "kubectl" {
			b.WriteString(" ,")
		}
		b.WriteString("\n")
	}
	b.WriteString(".PP\nhttps://github.com/kubectl\\-nodeport/kubectl\\-nodeport\n")
}

// roff keeps text from being taken for commands of the language: hyphens stay
// what a reader may copy, and lines do not begin with a control character.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// quoted is an argument of a request.
func quoted(text string) string { return `"` + strings.ReplaceAll(roff(text), `"`, `\(dq`) + `"` }
