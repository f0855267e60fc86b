package kubernetes_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
)

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]string{
		"1.33": "1.33", "v1.33.13": "1.33", "v1.31.5-eks-113cf36": "1.31", "v1.30.4+k3s1": "1.30", "1.29+": "1.29",
	} {
		if v, err := kubernetes.ParseVersion(text); err != nil || v.String() != want {
			t.Errorf("ParseVersion(%q) = %s, %v; want %s", text, v, err, want)
		}
	}
	for _, text := range []string{"", "1", "2.1", "1.", "1.x", "latest", "33", "1.0", "1.99999999999999999999", "-1.33", "1.-3"} {
		if v, err := kubernetes.ParseVersion(text); err == nil {
			t.Errorf("ParseVersion(%q) = %s, want an error", text, v)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	f.Add("v1.33.13")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := kubernetes.ParseVersion(text)
		if err != nil {
			return
		}
		if again, err := kubernetes.ParseVersion(v.String()); err != nil || again != v {
			t.Errorf("ParseVersion(%q) = %s, which parses as %s, %v", text, v, again, err)
		}
	})
}

func TestFeatureStates(t *testing.T) {
	for _, test := range []struct {
		feature kubernetes.Feature
		version kubernetes.Version
		want    kubernetes.State
	}{
		{kubernetes.RelaxedServiceNames, 0, kubernetes.Unknown},
		{kubernetes.RelaxedServiceNames, 33, kubernetes.Absent},
		{kubernetes.RelaxedServiceNames, 34, kubernetes.Off},
		{kubernetes.RelaxedServiceNames, 36, kubernetes.On},
		{kubernetes.RelaxedServiceNames, 40, kubernetes.Always},
		{kubernetes.NFTablesLocalhost, 40, kubernetes.Off},
		{kubernetes.StrictAddresses, 40, kubernetes.On},
		{kubernetes.TrafficDistribution, 29, kubernetes.Absent},
	} {
		if state := test.feature.In(test.version); state != test.want {
			t.Errorf("%s in %s is %d, want %d", test.feature, test.version, state, test.want)
		}
	}
}

func TestHistoriesAreInOrder(t *testing.T) {
	seen := map[kubernetes.Feature]bool{}
	for _, h := range kubernetes.Features() {
		if seen[h.Feature] {
			t.Errorf("%s is listed twice", h.Feature)
		}
		seen[h.Feature] = true
		if h.Exists == 0 || h.Default != 0 && h.Default < h.Exists || h.Locked != 0 && h.Locked < h.Default {
			t.Errorf("%s exists since %s, is on since %s, always since %s", h.Feature, h.Exists, h.Default, h.Locked)
		}
		if h.Effect == "" || h.Source == "" {
			t.Errorf("%s has no effect or no source", h.Feature)
		}
	}
}

var updateDocs = flag.Bool("update-docs", false, "write the table of features in docs/compatibility.md anew")

func TestThePageListsTheFeatures(t *testing.T) {
	const path = "../../docs/compatibility.md"
	const begin, end = "<!-- features: go test ./pkg/kubernetes -update-docs writes this table -->\n", "<!-- end of features -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(text), "\r\n", "\n")
	before, rest, ok := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("%s has no lines %q and %q", path, begin, end)
	}
	want := before + begin + "\n" + table() + "\n" + end + after
	if *updateDocs {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if page != want {
		t.Errorf("%s does not list the features as they are; go test ./pkg/kubernetes -update-docs writes them", path)
	}
}

// table returns the features as a table in Markdown, with a column for each version.
func table() string {
	var b strings.Builder
	b.WriteString("| feature, and what it does |")
	for v := kubernetes.Oldest; v <= kubernetes.Newest; v++ {
		fmt.Fprintf(&b, " %s |", v)
	}
	b.WriteString(" source |\n|---|" + strings.Repeat("---|", int(kubernetes.Newest-kubernetes.Oldest)+2) + "\n")
	words := map[kubernetes.State]string{kubernetes.Absent: "–", kubernetes.Off: "off", kubernetes.On: "on", kubernetes.Always: "always"}
	for _, h := range kubernetes.Features() {
		fmt.Fprintf(&b, "| **%s**: %s |", h.Feature, h.Effect)
		for v := kubernetes.Oldest; v <= kubernetes.Newest; v++ {
			fmt.Fprintf(&b, " %s |", words[h.In(v)])
		}
		fmt.Fprintf(&b, " %s |\n", h.Source)
	}
	return b.String()
}
