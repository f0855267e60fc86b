package assets

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVersionIsTheOneThatGoModPins(t *testing.T) {
	source, err := sourceDir()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "k8s.io/kubernetes "+string(Kubernetes)+"\n") {
		t.Errorf("go.mod does not pin k8s.io/kubernetes %s", Kubernetes)
	}
}

func TestFind(t *testing.T) {
	touch := func(dir string, names ...string) string {
		for _, name := range names {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name+exeSuffix()), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	cache := Cache{t.TempDir()}
	envtest := touch(t.TempDir(), "etcd", "kube-apiserver", "kubectl")
	t.Setenv("PATH", "")
	t.Setenv(envKubeAssets, envtest)

	found, err := cache.Find(Kubernetes, APIPrograms())
	if !errors.Is(err, ErrNotBuilt) || !strings.HasPrefix(err.Error(), "kube-controller-manager:") {
		t.Errorf("with envtest's programs: %v", err)
	}
	if found["etcd"] != filepath.Join(envtest, "etcd"+exeSuffix()) {
		t.Errorf("etcd is %s", found["etcd"])
	}
	touch(cache.Bin(Kubernetes), ClusterPrograms()...)
	if found, err := cache.Find(Kubernetes, APIPrograms()); err != nil || filepath.Dir(found["etcd"]) != envtest {
		t.Errorf("API level: %v, %v", found, err)
	}
	if found, err := cache.Find(Kubernetes, ClusterPrograms()); err != nil || filepath.Dir(found["etcd"]) != cache.Bin(Kubernetes) {
		t.Errorf("a cluster of several releases: %v, %v", found, err)
	}
}

func TestImageArchive(t *testing.T) {
	archive, err := ImageArchive(ImageName("srv"), "/srv", []byte("program"))
	if err != nil {
		t.Fatal(err)
	}
	files := untar(t, archive)
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	if m := manifest[0]; m.RepoTags[0] != "nodeport.test/srv:1" || len(m.Layers) != 1 {
		t.Errorf("manifest %+v", m)
	}
	layer := files[manifest[0].Layers[0]]
	if string(untar(t, layer)["srv"]) != "program" {
		t.Error("the layer does not hold the program")
	}
	if !bytes.Contains(files[manifest[0].Config], []byte("sha256:"+digest(layer))) {
		t.Error("the configuration does not name the layer")
	}
}

func untar(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
