package svg

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func draw(t *testing.T, lines ...string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Terminal(&b, "a <title>", lines); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAPictureIsWellFormedWhateverItShows(t *testing.T) {
	picture := draw(t, `$ echo "<b>" & 'x'`, "", "\x1b[31mred\x00", "→ ✗ 30033 → 82 → 300/TCP")
	d := xml.NewDecoder(strings.NewReader(picture))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v:\n%s", err, picture)
		}
	}
}

func TestColumnsStandBelowEachOther(t *testing.T) {
	picture := draw(t, "NAME   NODE", "web    n1", "→→→→   n2")
	for _, want := range []string{"NODE", "n1", "n2"} {
		if at := fmt.Sprintf(`x="%g"`, margin+7*cell); !strings.Contains(lineWith(picture, ">"+want+"<"), at) {
			t.Errorf("%s is not at %s:\n%s", want, at, picture)
		}
	}
}

func lineWith(text, part string) string {
	for l := range strings.Lines(text) {
		if strings.Contains(l, part) {
			return l
		}
	}
	return ""
}

func TestEachPortHasItsColour(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       []piece
	}{
		{
			"in a table", "30033 → 82 → 300/TCP",
			[]piece{{"node", "30033"}, {"", " → "}, {"service", "82"}, {"", " → "}, {"target", "300"}, {"", "/TCP"}},
		},
		{
			"in a command", "$ x --port 30033:82:300",
			[]piece{{"prompt", "$ "}, {"command", "x --port "}, {"node", "30033"}, {"command", ":"}, {"service", "82"}, {"command", ":"}, {"target", "300"}},
		},
		{
			"on a packet's way", "node 10.1.11.4:30033 → service 10.3.1.1:82",
			[]piece{{"", "node 10.1.11.4:"}, {"node", "30033"}, {"", " → service 10.3.1.1:"}, {"service", "82"}},
		},
		{"an address is one link", "http://10.1.11.4:30033", []piece{{"link", "http://10.1.11.4:30033"}}},
		{"gaps are pieces", "a  b", []piece{{"", "a"}, {"", "  "}, {"", "b"}}},
		{"nothing", "", nil},
	} {
		got := pieces(c.line)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(piece{})); diff != "" && len(c.want)+len(got) > 0 {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
