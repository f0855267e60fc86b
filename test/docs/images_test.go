package docs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/docs/svg"
)

func TestPicturesShowWhatThePagesDo(t *testing.T) {
	sessions := map[string][]string{}
	for _, p := range pages(t) {
		blocks, err := p.blocks()
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks {
			if name, ok := b.option("image"); ok {
				sessions[name] = append(sessions[name], p.text(b)...)
			}
		}
	}
	for name, lines := range sessions {
		path := filepath.Join(root, "docs", "images", name+".svg")
		var picture bytes.Buffer
		if err := svg.Terminal(&picture, title(lines), spaced(lines)); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(path, picture.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v; make images draws it", err)
		}
		if !bytes.Equal(bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n")), picture.Bytes()) {
			t.Errorf("docs/images/%s.svg is not what its session shows; make images draws it anew", name)
		}
	}
}

// title names the commands that the picture shows.
func title(lines []string) string {
	var commands []string
	for _, st := range steps(lines) {
		commands = append(commands, st.command)
	}
	return "Terminal: " + strings.Join(commands, "; ")
}

// spaced puts an empty line before each command but the first.
func spaced(lines []string) []string {
	var all []string
	for i, line := range lines {
		if i > 0 && strings.HasPrefix(line, "$ ") && lines[i-1] != "" {
			all = append(all, "")
		}
		all = append(all, line)
	}
	return all
}
