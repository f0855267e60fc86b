package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// inFolder runs expose-check in a folder with the given files, without a
// cluster.
func inFolder(t *testing.T, files map[string]string, args ...string) (code int, out, errOut string) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	code = Run(context.Background(), append([]string{exposeCheckName}, args...),
		genericiooptions.IOStreams{In: strings.NewReader(files["stdin"]), Out: &stdout, ErrOut: &stderr})
	return code, stdout.String(), stderr.String()
}

const (
	healthyService = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 82, targetPort: 300, nodePort: 30033}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 300}]}]}
`
	undeclaredTarget = "targetPort: 301"
)

func TestExposeCheckExitCodes(t *testing.T) {
	warning := strings.ReplaceAll(healthyService, "targetPort: 300", undeclaredTarget)
	broken := strings.ReplaceAll(healthyService, "30033", "80")
	for _, test := range []struct {
		name  string
		files map[string]string
		args  []string
		want  int
	}{
		{"nothing is wrong", map[string]string{"a.yaml": healthyService}, []string{"-f", "a.yaml"}, 0},
		{"an error", map[string]string{"a.yaml": broken}, []string{"-f", "a.yaml"}, 1},
		{"a warning", map[string]string{"a.yaml": warning}, []string{"-f", "a.yaml"}, 0},
		{"a warning that counts", map[string]string{"a.yaml": warning}, []string{"-f", "a.yaml", "--fail-on=warning"}, 1},
		{"an error that does not", map[string]string{"a.yaml": broken}, []string{"-f", "a.yaml", "--fail-on=never"}, 0},
		{"an ignored error", map[string]string{"a.yaml": broken}, []string{"-f", "a.yaml", "--ignore", "NP101=it will be"}, 0},
		{"a wider range", map[string]string{"a.yaml": broken}, []string{"-f", "a.yaml", "--node-port-range=80-32767"}, 0},
		{"no YAML", map[string]string{"a.yaml": "a: ["}, []string{"-f", "a.yaml"}, 1},
		{"no YAML beside what is healthy", map[string]string{"a.yaml": "a: [", "b.yaml": healthyService}, []string{"-f", "."}, 1},
		{"standard input", map[string]string{"stdin": broken}, []string{"-f", "-"}, 1},
		{"a file that is not there", nil, []string{"-f", "a.yaml"}, 2},
		{"an empty folder", map[string]string{"empty/x": ""}, []string{"-f", "empty"}, 2},
		{"nothing on standard input", nil, []string{"-f", "-"}, 2},
		{"a name that is not there", map[string]string{"a.yaml": healthyService}, []string{"-f", "a.yaml", "shop"}, 2},
		{"a flag that there is not", nil, []string{"--flag"}, 2},
		{"a format that there is not", nil, []string{"-o", "pdf"}, 2},
		{"two formats on one stream", nil, []string{"-o", "json", "-o", "text"}, 2},
		{"a severity that there is not", nil, []string{"--fail-on", "fatal"}, 2},
		{"a rule that there is not", nil, []string{"--explain", "NP999"}, 2},
		{"no cluster", nil, nil, 2},
		{"names and -A", nil, []string{"web", "-A"}, 2},
		{"names and a selector", nil, []string{"web", "-l", "a=b"}, 2},
		{"a kind with no services", nil, []string{"node/n1"}, 2},
		{"settings that are not there", nil, []string{"--config", "a.yaml"}, 2},
		{"an explanation", nil, []string{"--explain", "np201"}, 0},
		{"all explanations", nil, []string{"--explain", "all"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, out, errOut := inFolder(t, test.files, test.args...); got != test.want {
				t.Errorf("exit code %d, want %d\n%s%s", got, test.want, out, errOut)
			}
		})
	}
}

func TestExposeCheckWritesSeveralReports(t *testing.T) {
	code, out, _ := inFolder(t, map[string]string{"a.yaml": healthyService},
		"-f", "a.yaml", "-o", "sarif=r.sarif", "-o", "junit=r.xml", "-o", "yaml=r.yaml", "-o", "github=r.txt", "-o", "text")
	if code != 0 || !strings.Contains(out, "1 service checked: nothing found") {
		t.Errorf("exit code %d: %s", code, out)
	}
	for file, want := range map[string]string{"r.sarif": `"2.1.0"`, "r.xml": "<testsuites", "r.yaml": "kind: ExposeCheck", "r.txt": ""} {
		content, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(content), want) {
			t.Errorf("%s holds %q, %v", file, content, err)
		}
	}
}

func TestExposeCheckReadsItsSettings(t *testing.T) {
	broken := strings.ReplaceAll(healthyService, "30033", "80")
	for _, test := range []struct {
		name, settings string
		want           int
	}{
		{"a finding that is ignored", "ignore: [{id: NP101, reason: a wider range is coming}]", 0},
		{"ignored in one object", "ignore: [{id: NP101, reason: why, object: Service/*/web}]", 0},
		{"ignored in another object", "ignore: [{id: NP101, reason: why, object: Service/*/cart}]", 1},
		{"a range", "nodePortRange: 80-32767", 0},
		{"nothing fails", "failOn: never", 0},
		{"no reason", "ignore: [{id: NP101}]", 2},
		{"no finding of that id", "ignore: [{id: NP999, reason: why}]", 2},
		{"a setting that there is not", "ignored: []", 2},
		{"no YAML", "[", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{configName: test.settings, "services/a.yaml": broken}
			if got, out, errOut := inFolder(t, files, "-f", "services", "--config", configName); got != test.want {
				t.Errorf("exit code %d, want %d\n%s%s", got, test.want, out, errOut)
			}
			if got, out, errOut := inFolder(t, files, "-f", "services"); got != max(test.want, 1) {
				t.Errorf("exit code %d of a file that was found, want %d\n%s%s", got, max(test.want, 1), out, errOut)
			}
		})
	}
}

func TestExposeCheckPassesOverWhatIsNoManifest(t *testing.T) {
	files := map[string]string{
		"web.yaml":                    healthyService,
		".github/workflows/ci.yml":    "on: push\njobs: {}\n",
		"chart/Chart.yaml":            "apiVersion: v2\nname: web\n",
		"chart/values.yaml":           "replicas: 2\n",
		"chart/templates/svc.yaml":    "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\n",
		"overlays/kustomization.yaml": "resources: [../web.yaml]\n",
		"docker-compose.yml":          "services:\n  web:\n    image: web\n",
	}
	code, out, errOut := inFolder(t, files, "-f", ".", "-R", "-o", "github")
	if code != 0 || strings.Contains(out, "::error") || strings.Contains(out, "::warning") {
		t.Errorf("exit code %d\n%s%s", code, out, errOut)
	}
	if !strings.Contains(out, "file=chart/templates/svc.yaml") || strings.Contains(out, "values.yaml") {
		t.Errorf("templates are told of, and nothing else, not\n%s", out)
	}
}

func TestExposeCheckFindsTheServicesOfAWorkload(t *testing.T) {
	files := map[string]string{"a.yaml": healthyService}
	if code, out, errOut := inFolder(t, files, "-f", "a.yaml", "deploy/web", "-n", "default"); code != 0 || !strings.Contains(out, "default/web") {
		t.Errorf("exit code %d\n%s%s", code, out, errOut)
	}
	if code, _, errOut := inFolder(t, files, "-f", "a.yaml", "deploy/cart"); code != 2 || !strings.Contains(errOut, "deployment/cart not found") {
		t.Errorf("exit code %d\n%s", code, errOut)
	}
}

// A folder for each environment holds the same objects, with differences. Each
// is checked with what is beside it.
func TestExposeCheckChecksEveryEnvironment(t *testing.T) {
	files := map[string]string{
		"staging/a.yaml": strings.ReplaceAll(healthyService, "30033", "80"),
		"prod/a.yaml":    healthyService,
	}
	code, out, _ := inFolder(t, files, "-f", ".", "-R", "-o", "github")
	if code != 1 || strings.Count(out, "::error") != 1 || !strings.Contains(out, "file=staging/a.yaml") && !strings.Contains(out, "file=prod/a.yaml") ||
		strings.Contains(out, "given twice") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	both := map[string]string{"a.yaml": healthyService, "b.yaml": strings.ReplaceAll(healthyService, "30033", "30034")}
	if code, out, _ := inFolder(t, both, "-f", ".", "-o", "github"); code != 0 || !strings.Contains(out, "given twice") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
