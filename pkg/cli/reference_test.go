package cli

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

var updateReference = flag.Bool("update-reference", false, "write docs/reference from the commands")

const referenceFolder = "../../docs/reference"

func TestReferenceAgreesWithTheCommands(t *testing.T) {
	root := Root(genericiooptions.NewTestIOStreamsDiscard())
	root.PersistentFlags().Lookup("cache-dir").DefValue = "~/.kube/cache" // not that of whoever runs the test
	wanted := reference(root)
	if *updateReference {
		writeReference(t, wanted)
	}
	for name, page := range wanted {
		have, err := os.ReadFile(filepath.Join(referenceFolder, name))
		if err != nil {
			t.Errorf("%v; make generate writes it", err)
			continue
		}
		if diff := cmp.Diff(page, strings.ReplaceAll(string(have), "\r\n", "\n")); diff != "" {
			t.Errorf("docs/reference/%s is not what the command says; make generate writes it anew (- command, + page):\n%s", name, diff)
		}
	}
	files, err := filepath.Glob(filepath.Join(referenceFolder, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := wanted[filepath.Base(file)]; !ok {
			t.Errorf("%s is of no command; remove it", file)
		}
	}
}

func writeReference(t *testing.T, pages map[string]string) {
	t.Helper()
	if err := os.MkdirAll(referenceFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, page := range pages {
		if err := os.WriteFile(filepath.Join(referenceFolder, name), []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// reference returns a page for each command and one that lists them, by file name.
func reference(root *cobra.Command) map[string]string {
	var list bytes.Buffer
	fmt.Fprintf(&list, "# Reference\n\n%s\n\n| command | does |\n|---|---|\n", generatedNote)
	pages := map[string]string{}
	for _, cmd := range root.Commands() {
		if !cmd.IsAvailableCommand() {
			continue
		}
		pages[cmd.Name()+".md"] = referencePage(cmd)
		fmt.Fprintf(&list, "| [%s](%s.md) | %s |\n", cmd.Name(), cmd.Name(), cmd.Short)
	}
	pages["README.md"] = list.String()
	return pages
}

const generatedNote = "<!-- Written by make generate from the commands' help. -->"

func referencePage(cmd *cobra.Command) string {
	var page bytes.Buffer
	fmt.Fprintf(&page, "# %s\n\n%s\n\n```\n%s\n```\n\n%s\n", cmd.CommandPath(), generatedNote, cmd.UseLine(), cmd.Long)
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(&page, "\nAlso known as: `%s`.\n", strings.Join(cmd.Aliases, "`, `"))
	}
	if cmd.HasExample() {
		fmt.Fprintf(&page, "\n## Examples\n\n```sh\n%s\n```\n", unindented(cmd.Example))
	}
	flags, title := cmd.LocalFlags(), "Flags"
	if cmd.Name() == "options" {
		flags, title = cmd.InheritedFlags(), "Flags of all commands"
	}
	if flags.HasAvailableFlags() {
		fmt.Fprintf(&page, "\n## %s\n\n```\n%s```\n", title, flags.FlagUsagesWrapped(120))
	}
	if cmd.Name() != "options" {
		fmt.Fprint(&page, "\nFlags such as `-n` and `--context`, which all commands have, are in [options](options.md).\n")
	}
	return page.String()
}

func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}
