package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// masks are what differs from run to run, and what stands for it.
var masks = []struct {
	pattern *regexp.Regexp
	stands  string
}{
	{regexp.MustCompile(`\bclient [\d.]+:\d+\b`), "CLIENT"},                                // as the test workload tells
	{regexp.MustCompile(`:(3[3-9]|[4-6]\d)\d{3}\b`), ":PORT"},                              // of clients
	{regexp.MustCompile(`\b10\.[23]\.\d{1,3}\.\d{1,3}\b`), "ADDRESS"},                      // of pods and services
	{regexp.MustCompile(`\b3(00(8[6-9]|9\d)|0[1-9]\d\d|1\d{3}|2[0-7]\d\d)\b`), "NODEPORT"}, // that the API server chose
	{regexp.MustCompile(`(-[b-df-hj-np-tv-z2456789]{8,10})?-[b-df-hj-np-tv-z2456789]{5}\b`), "-SUFFIX"},
	{regexp.MustCompile(`\b(\d+(\.\d+)?( ms|h|ms|µs|m|s))+\b`), "TIME"},
	{regexp.MustCompile(`\n {6,}(\S)`), " $1"}, // lines wrap elsewhere when what they hold differs
	{regexp.MustCompile(` {2,}`), " "},
}

// colours are what a terminal takes for colours.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// masked replaces what differs from run to run.
func masked(lines []string) []string {
	text := strings.Join(trimmed(lines), "\n")
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.stands)
	}
	return strings.Split(text, "\n")
}

// trimmed is the lines without spaces at their ends and without empty lines at
// the end of them all.
func trimmed(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, strings.TrimRight(line, " "))
	}
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// same tells whether the output got is what want shows. A line "..." of want
// stands for any lines.
func same(want, got []string) bool {
	return matches(masked(want), masked(got))
}

func matches(want, got []string) bool {
	for len(want) > 0 && want[0] != "..." {
		if len(got) == 0 || want[0] != got[0] {
			return false
		}
		want, got = want[1:], got[1:]
	}
	if len(want) == 0 {
		return len(got) == 0
	}
	for skip := range len(got) + 1 {
		if matches(want[1:], got[skip:]) {
			return true
		}
	}
	return false
}

// begins tells whether got begins with all lines that want shows: whether what
// is awaited of a command that runs on has come.
func begins(want, got []string) bool {
	return same(append(slices.Clone(want), "..."), got)
}

// difference shows what was expected beside what was seen.
func difference(want, got []string) string {
	return cmp.Diff(masked(want), masked(got)) + "\nseen:\n" + strings.Join(got, "\n")
}

func TestWhatDiffersFromRunToRunIsNotCompared(t *testing.T) {
	for _, c := range []struct {
		name      string
		want, got string
		same      bool
	}{
		{"the same", "a\nb", "a\nb", true},
		{"another word", "a\nb", "a\nc", false},
		{"a line more", "a", "a\nb", false},
		{"a line less", "a\nb", "a", false},
		{"the end of a terminal's line", "a \n", "a", true},
		{"addresses of services and pods", "10.3.1.2:80 → 10.2.1.7:300", "10.3.111.20:80 → 10.2.3.14:300", true},
		{"an address of a node", "http://10.1.11.4:30033", "http://10.1.11.5:30033", false},
		{"a node port from the static band", ":30033", ":30034", false},
		{"a node port that the API server chose", ":30259 ", ":32767 ", true},
		{"a column that got wider", "10.3.1.2   x", "10.3.111.222   x", true},
		{"a client's port", "127.0.0.1:46407", "127.0.0.1:50001", true},
		{"a client that the test workload saw", "client 10.2.1.1:46407 host", "client 10.2.1.1:1243 host", true},
		{"a pod of a Deployment", "web-6d4cf56db6-x7k2p Ready", "web-78f5d9c8b5-9zqlc Ready", true},
		{"a pod of a DaemonSet", "loop-txwnb", "loop-zzx2v", true},
		{"another pod", "loop-txwnb", "hoop-txwnb", false},
		{"a duration", "after 1.5s", "after 20ms", true},
		{"a duration as curl tells it", "after 2004 ms: Timeout", "after 2045 ms: Timeout", true},
		{"where a long line wraps", "error  NP1  in pod 10.2.1.1\n            of n1", "error  NP1  in pod\n            10.2.100.100 of n1", true},
		{"lines left out", "a\n...\nd", "a\nb\nc\nd", true},
		{"no lines left out", "a\n...\nd", "a\nd", true},
		{"lines left out at the end", "a\n...", "a\nb", true},
		{"a line missing behind those left out", "a\n...\ne", "a\nb\nc\nd", false},
	} {
		if got := same(strings.Split(c.want, "\n"), strings.Split(c.got, "\n")); got != c.same {
			t.Errorf("%s: the same is %t", c.name, got)
		}
	}
}
