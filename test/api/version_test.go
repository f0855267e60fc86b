package api

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// TestTheBuiltPluginServesThisVersion has kubectl run the program as it is
// released: one build is for servers of all versions.
func TestTheBuiltPluginServesThisVersion(t *testing.T) {
	c := rig.StartAPI(t)
	namespace := c.Namespace(t)
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "kubectl-nodeport"), "../../cmd/kubectl-nodeport")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	node(t, c, "built-1", "127.0.0.44") // no other test's
	pod(t, c, namespace, "web", "built-1", "10.2.1.7", true)
	for _, test := range []struct{ command, want string }{
		{"version", serverVersion(t, c)},
		{"create pod/web --port 82:300 --node-port 30072 --wait=false", "30072"},
		{"get", "30072"},
		{"ports", "service/web"},
		{"expose-check --static", "✓ web 10.2.1.7:300"},
	} {
		args := append([]string{"nodeport"}, strings.Fields(test.command)...)
		cmd := exec.CommandContext(t.Context(), c.Program("kubectl"), append(args, "-n", namespace)...)
		cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "KUBECONFIG="+c.Kubeconfig())
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("kubectl nodeport %s: %v\n%s\nwant %q in it", test.command, err, out, test.want)
		}
	}
}

func serverVersion(t *testing.T, c *rig.Cluster) string {
	t.Helper()
	var info struct{ GitVersion string }
	text, err := kubectl(t, c, "", "get", "--raw", "/version")
	if err == nil {
		err = json.Unmarshal([]byte(text), &info)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return info.GitVersion
}

// kubectl runs kubectl as the administrator and returns all that it prints.
func kubectl(t *testing.T, c *rig.Cluster, stdin string, args ...string) (string, error) {
	t.Helper()
	cmd := c.Client().Command(t.Context(), "kubectl", args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestTheServerRefusesWhatItsVersionIsSaidToRefuse holds the table of features
// to the API server, by services that only some versions take.
func TestTheServerRefusesWhatItsVersionIsSaidToRefuse(t *testing.T) {
	c := rig.StartAPI(t)
	version, err := kubernetes.ParseVersion(serverVersion(t, c))
	if err != nil {
		t.Fatal(err)
	}
	namespace := c.Namespace(t)
	const spec = `{type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]`
	for name, test := range map[string]struct {
		feature kubernetes.Feature
		name    string
		spec    string
		// opposite: the feature is to refuse, and not to allow.
		opposite bool
	}{
		"a name with a digit":     {kubernetes.RelaxedServiceNames, "3scale", spec + "}", false},
		"PreferSameNode":          {kubernetes.PreferSame, "node", spec + ", trafficDistribution: PreferSameNode}", false},
		"PreferSameZone":          {kubernetes.PreferSame, "zone", spec + ", trafficDistribution: PreferSameZone}", false},
		"leading zeros":           {kubernetes.StrictAddresses, "zeros", spec + `, externalIPs: ["010.0.0.1"]}`, true},
		"an IPv4-mapped address":  {kubernetes.StrictAddresses, "mapped", spec + `, externalIPs: ["::ffff:10.0.0.1"]}`, true},
		"bits beyond the prefix":  {kubernetes.StrictAddresses, "bits", spec + `, loadBalancerSourceRanges: ["203.0.113.7/24"]}`, true},
		"the port of the kubelet": {kubernetes.KubeletPort, "kubelet", strings.Replace(spec, "80", "10250", 1) + "}", false},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := kubectl(t, c, "{apiVersion: v1, kind: Service, metadata: {name: "+test.name+"}, spec: "+test.spec+"}",
				"apply", "-n", namespace, "-f", "-")
			missing := test.feature.Missing(version)
			if refused := err != nil; refused != (missing != test.opposite) && !dropped(version, test.feature) {
				t.Errorf("%s of Kubernetes %s is missing: %t; the API server said: %v\n%s", test.feature, version, missing, err, out)
			}
		})
	}
	t.Run("the field of PreferClose is dropped where it is missing", func(t *testing.T) {
		c.Apply(t, namespace, "{apiVersion: v1, kind: Service, metadata: {name: close}, spec: "+spec+", trafficDistribution: PreferClose}}")
		stored, err := kubectl(t, c, "", "get", "service", "close", "-n", namespace, "-o", "jsonpath={.spec.trafficDistribution}")
		if missing := kubernetes.TrafficDistribution.Missing(version); err != nil || (stored == "") != missing {
			t.Errorf("%s of Kubernetes %s is missing: %t; stored: %q, %v", kubernetes.TrafficDistribution, version, missing, stored, err)
		}
	})
}

// dropped reports whether a version ignores the field of a feature, so that it
// does not look at its values.
func dropped(v kubernetes.Version, f kubernetes.Feature) bool {
	return f == kubernetes.PreferSame && kubernetes.TrafficDistribution.Missing(v)
}
