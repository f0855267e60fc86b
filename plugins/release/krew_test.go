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
	"time"

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
	manifest := asPlugin(t, text)
	if err := validateForIndex(indexed, manifest); err != nil {
		t.Error(err)
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

// asPlugin reads a manifest as krew does (decodeFile of
// internal/index/indexscanner/scanner.go), but takes no unknown fields.
func asPlugin(t *testing.T, manifest []byte) krewPlugin {
	t.Helper()
	var plugin krewPlugin
	if err := yaml.UnmarshalStrict(manifest, &plugin); err != nil {
		t.Fatalf("%v in:\n%s", err, manifest)
	}
	return plugin
}

func renderedFor(t *testing.T, version string) []byte {
	t.Helper()
	sums := map[string]string{}
	for _, p := range platforms() {
		sums[p.archive(version)] = fmt.Sprintf("%x", sha256.Sum256([]byte(p.os+p.arch)))
	}
	manifest, err := renderKrewManifest(readTemplate(t), version, sums)
	if err != nil {
		t.Fatal(err)
	}
	return manifest
}

func TestKrewTakesTheManifest(t *testing.T) {
	for _, version := range []string{"v0.0.1", "v1.2.3-rc.1"} {
		plugin := asPlugin(t, renderedFor(t, version))
		if err := validateForIndex(indexed, plugin); err != nil {
			t.Errorf("%s: %v", version, err)
		}
		// ValidateOwnership of krew-release-bot (pkg/krew/validations.go).
		if !strings.HasPrefix(plugin.Spec.Homepage, "https://github.com/kubectl-nodeport/") {
			t.Errorf("the homepage %s is not the owner's", plugin.Spec.Homepage)
		}
		for i, p := range plugin.Spec.Platforms {
			if !regexp.MustCompile(`^https://.+\.(tar\.gz|zip)$`).MatchString(p.URI) {
				t.Errorf("platforms[%d] is at %q", i, p.URI)
			}
		}
	}
}

// The rules have to find mistakes, or else the test above says nothing.
func TestKrewsRulesRefuseMistakes(t *testing.T) {
	for mistake, change := range map[string][2]string{
		"another API":              {"v1alpha2", "v1"},
		"another kind":             {"kind: Plugin", "kind: Plug"},
		"another name":             {"name: nodeport", "name: node-port"},
		"no short description":     {"shortDescription: ", "shortDescription: # "},
		"no version":               {"version: v0.0.1", "version: 0.0.1"},
		"a checksum cut off":       {"sha256: ", "sha256: 0"},
		"no program":               {"    bin: kubectl-nodeport.exe", "    bin: ''"},
		"a selector of other keys": {"arch: arm64", "architecture: arm64"},
		"a system of no krew":      {"os: darwin", "os: macos"},
		"a platform given twice":   {"os: windows", "os: linux"},
		"file operations of none":  {"    bin: kubectl-nodeport\n", "    bin: kubectl-nodeport\n    files: []\n"},
	} {
		manifest := strings.ReplaceAll(string(renderedFor(t, "v0.0.1")), change[0], change[1])
		if err := validateForIndex(indexed, asPlugin(t, []byte(manifest))); err == nil {
			t.Errorf("%s is taken", mistake)
		}
	}
	for _, name := range []string{"", "node port", "../nodeport", "con", "Lpt1"} {
		if isSafePluginName(name) {
			t.Errorf("the name %q is safe", name)
		}
	}
}

// Of an archive krew unpacks all to the folder of the version (applyDefaults of
// internal/installation/install.go), links the program, which has to be there
// (createOrUpdateLink), and asks for a license.
func TestKrewUnpacksTheArchiveOfEachPlatform(t *testing.T) {
	plugin := asPlugin(t, renderedFor(t, "v0.0.1"))
	t.Chdir("../..")
	for i, p := range platforms() {
		files, err := p.members([]byte("program"), "v0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		archive, err := p.archived(files)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := unpack(archive, dir); err != nil {
			t.Errorf("%s/%s: %v", p.os, p.arch, err)
			continue
		}
		program, err := os.Stat(filepath.Join(dir, plugin.Spec.Platforms[i].Bin))
		if err != nil || p.os != "windows" && runtime.GOOS != "windows" && program.Mode()&0o111 != 0o111 {
			t.Errorf("%s/%s: %v, the program is %v", p.os, p.arch, err, program)
		}
		if !hasLicense(dir) {
			t.Errorf("%s/%s has no license", p.os, p.arch)
		}
	}
}

func TestKrewRefusesArchivesThatLeadElsewhere(t *testing.T) {
	at := time.Unix(0, 0)
	for _, name := range []string{"../kubectl-nodeport", "/kubectl-nodeport"} {
		packed, err := tarred([]file{{name, 0o755, nil}}, at)
		if err != nil || unpack(packed, t.TempDir()) == nil {
			t.Errorf("%s is unpacked, %v", name, err)
		}
	}
	if packed, err := zipped([]file{{"man/page.1", 0o644, nil}}, at); err != nil || unpack(packed, t.TempDir()) == nil {
		t.Errorf("old versions of krew make no folders, %v", err)
	}
	if unpack([]byte("kubectl-nodeport"), t.TempDir()) == nil {
		t.Error("what is no archive is unpacked")
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
