package assets

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]Version{
		"": Kubernetes, "v1.33.13": "v1.33.13", "1.36.3": "v1.36.3", "v1.38.0-rc.1": "v1.38.0-rc.1",
	} {
		if v, err := ParseVersion(text); err != nil || v != want {
			t.Errorf("ParseVersion(%q) = %s, %v; want %s", text, v, err, want)
		}
	}
	for text, words := range map[string]string{
		"1.33": "write it as", "latest": "write it as", "v1.33.13/..": "write it as", "v1.29.6": "v1.30 and newer",
	} {
		if v, err := ParseVersion(text); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("ParseVersion(%q) = %s, %v; want an error with %q", text, v, err, words)
		}
	}
}

func TestTagsChooseTheSourceOfAVersion(t *testing.T) {
	if tags := Kubernetes.tags(); tags != nil {
		t.Errorf("the pinned version has the tags %v", tags)
	}
	if tags := Version("v1.34.9").tags(); !slices.Equal(tags, []string{"before1.35", "before1.36", "before1.37"}) {
		t.Errorf("v1.34.9 has the tags %v", tags)
	}
}

func TestModuleRequiresWhatKubernetesDoes(t *testing.T) {
	var theirs goMod
	err := json.Unmarshal([]byte(`{"Module": {"Path": "k8s.io/kubernetes"}, "Go": "1.24.0",
		"Godebug": [{"Key": "default", "Value": "go1.24"}],
		"Require": [{"Path": "k8s.io/api", "Version": "v0.0.0"}, {"Path": "github.com/spf13/cobra", "Version": "v1.8.1"}],
		"Replace": [{"Old": {"Path": "k8s.io/api"}, "New": {"Path": "./staging/src/k8s.io/api"}},
			{"Old": {"Path": "example.com/a"}, "New": {"Path": "example.com/b", "Version": "v1.0.0"}}]}`), &theirs)
	if err != nil {
		t.Fatal(err)
	}
	const want = `module github.com/kubectl-nodeport/kubectl-nodeport/test/rig/kubernetes
go 1.24.0
godebug default=go1.24
require k8s.io/kubernetes v1.33.13
require k8s.io/api v0.33.13
require github.com/spf13/cobra v1.8.1
replace example.com/a  => example.com/b v1.0.0
`
	if _, text, _ := strings.Cut(string(theirs.ours("v1.33.13")), "\n"); text != want {
		t.Errorf("go.mod is\n%s\nwant\n%s", text, want)
	}
}

func TestEtcdAndKubectlAreSharedByAllVersions(t *testing.T) {
	cache := Cache{t.TempDir()}
	for _, name := range ClusterPrograms() {
		shared := cache.path("v1.33.13", name) == cache.path(Kubernetes, name)
		if want := name == "etcd" || name == "kubectl"; shared != want {
			t.Errorf("%s is shared: %t, want %t", name, shared, want)
		}
	}
}
