package cli

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// terminal is what the streams can show.
type terminal struct {
	// out and errOut tell that a person reads the stream.
	out, errOut bool
	// color tells that the person at out wants to see colors.
	color  bool
	glyphs render.Glyphs
}

// columns is how wide the terminal behind w is; 80 where nobody knows.
func columns(w io.Writer) int {
	const usual, least = 80, 20
	if file, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return max(width, least)
		}
	}
	return usual
}

// fit cuts a line to the width of the terminal behind w, so that it can be
// replaced by another.
func fit(line string, w io.Writer) string {
	file, ok := w.(*os.File)
	if !ok {
		return line
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if runes := []rune(line); err == nil && len(runes) >= width && width > 1 {
		return string(runes[:width-1])
	}
	return line
}

func newTerminal(streams genericiooptions.IOStreams) terminal {
	t := terminal{out: isTerminal(streams.Out), errOut: isTerminal(streams.ErrOut), glyphs: render.Unicode()}
	t.color = t.out && colorful(os.Getenv)
	if !utf8Locale(os.Getenv) {
		t.glyphs = render.ASCII()
	}
	return t
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// utf8Locale reads the locale as a C library does. Where none is set, as in
// most containers and on Windows, whoever reads the output expects UTF-8.
func utf8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(getenv(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return true
}
