package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// indexed is the manifest in this repository, which is an index of krew.
const indexed = "../nodeport.yaml"

// The manifest of the index is that of the last release: rendered from the
// template with the checksums of the release's archives.
func TestTheIndexHoldsTheManifestOfItsVersion(t *testing.T) {
	text, err := os.ReadFile(indexed)
	if os.IsNotExist(err) {
		t.Skip("skipped: nothing was released yet; make krew-index writes plugins/nodeport.yaml")
	} else if err != nil {
		t.Fatal(err)
	}
	var manifest krewManifest
	if err := yaml.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, p := range manifest.Spec.Platforms {
		sums[filepath.Base(p.URI)] = p.SHA256
	}
	want, err := renderKrewManifest(readTemplate(t), manifest.Spec.Version, sums)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != strings.ReplaceAll(string(text), "\r\n", "\n") {
		t.Error("plugins/nodeport.yaml is not what .krew.yaml says; make krew-index writes it anew")
	}
}

// The rest of krew's rules (internal/index/validation/validate.go, and
// cmd/validate-krew-manifest): what it would refuse.
func TestKrewTakesEachPlatformOfTheManifest(t *testing.T) {
	sums := map[string]string{}
	for _, p := range platforms() {
		sums[p.archive("v0.0.1")] = fmt.Sprintf("%x", sha256.Sum256([]byte(p.os+p.arch)))
	}
	manifest := rendered(t, "v0.0.1", sums)
	if !regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`).MatchString(manifest.Spec.Version) {
		t.Errorf("version %q is not v and a semantic version", manifest.Spec.Version)
	}
	if !regexp.MustCompile(`^[\w-]+$`).MatchString(manifest.Metadata.Name) || manifest.Metadata.Name+".yaml" != filepath.Base(indexed) {
		t.Errorf("name %q is not that of its file", manifest.Metadata.Name)
	}
	known := map[string][]string{
		"linux": {"386", "amd64", "arm", "arm64", "ppc64le"}, "darwin": {"386", "amd64", "arm64"}, "windows": {"386", "amd64", "arm64"},
	}
	seen := map[string]bool{}
	for i, offered := range manifest.Spec.Platforms {
		labels := offered.Selector.MatchLabels
		name := labels["os"] + "/" + labels["arch"]
		if len(labels) != 2 || !slices.Contains(known[labels["os"]], labels["arch"]) || seen[name] {
			t.Errorf("platforms[%d] selects %v, which krew does not know or has already", i, labels)
		}
		seen[name] = true
		if !regexp.MustCompile(`^[a-f0-9]{64}$`).MatchString(offered.SHA256) {
			t.Errorf("platforms[%d] has checksum %q, not 64 small hexadecimal digits", i, offered.SHA256)
		}
		if !regexp.MustCompile(`^https://.+\.(tar\.gz|zip)$`).MatchString(offered.URI) {
			t.Errorf("platforms[%d] is at %q", i, offered.URI)
		}
		if strings.HasSuffix(offered.Bin, ".exe") != (labels["os"] == "windows") || strings.ContainsAny(offered.Bin, `/\`) {
			t.Errorf("platforms[%d] has program %q", i, offered.Bin)
		}
	}
}

// TestKrewInstallsUpgradesAndUninstalls has krew do so with archives of this
// platform, from an index and a server of its own at loopback.
func TestKrewInstallsUpgradesAndUninstalls(t *testing.T) {
	krew, err := exec.LookPath("kubectl-krew")
	if err != nil {
		t.Skip("skipped: kubectl-krew is not on PATH")
	}
	p := platform{runtime.GOOS, runtime.GOARCH}
	if !slices.Contains(platforms(), p) {
		t.Skipf("skipped: nothing is released for %s/%s", p.os, p.arch)
	}
	t.Chdir("../..")
	published := t.TempDir()
	server := httptest.NewServer(http.FileServer(http.Dir(published)))
	t.Cleanup(server.Close)
	root := t.TempDir()
	index := filepath.Join(root, "index", "default")
	program := filepath.Join(root, "bin", p.binary())
	run := func(program string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Env = append(os.Environ(), "KREW_ROOT="+root, "KREW_NO_UPGRADE_CHECK=1",
			"PATH="+filepath.Join(root, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", program, args, err, out)
		}
		return string(out)
	}
	run("git", "init", "-q", index)
	publish(t, p, "v0.0.1", published, server.URL, index)
	if out := run(krew, "install", "--no-update-index", "nodeport"); !strings.Contains(out, "kubectl_complete-nodeport") {
		t.Errorf("the caveats are not told:\n%s", out)
	}
	told := func(version string) {
		t.Helper()
		if out := run(program, "version", "--client"); !strings.Contains(out, "Client Version: "+version+"\n") {
			t.Errorf("krew installed, instead of %s:\n%s", version, out)
		}
	}
	told("v0.0.1")
	publish(t, p, "v0.0.2", published, server.URL, index)
	run(krew, "upgrade", "--no-update-index", "nodeport")
	told("v0.0.2")
	run(krew, "uninstall", "nodeport")
	if _, err := os.Lstat(program); err == nil {
		t.Errorf("%s is still there", program)
	}
}

// publish builds the archive of a platform into a folder that url serves, and
// puts the manifest that offers it into an index.
func publish(t *testing.T, p platform, version, folder, url, index string) {
	t.Helper()
	archive, err := p.pack(version + "+")
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, other := range platforms() {
		sums[other.archive(version)] = fmt.Sprintf("%x", sha256.Sum256(archive))
	}
	template, err := os.ReadFile(".krew.yaml")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := renderKrewManifest(string(template), version, sums)
	if err != nil {
		t.Fatal(err)
	}
	released := "https://github.com/kubectl-nodeport/kubectl-nodeport/releases/download/" + version
	manifest = bytes.ReplaceAll(manifest, []byte(released), []byte(url))
	for name, data := range map[string][]byte{
		filepath.Join(folder, p.archive(version)):        archive,
		filepath.Join(index, "plugins", "nodeport.yaml"): manifest,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
