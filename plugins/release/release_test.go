package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestTheKrewManifestOffersEachArchiveToItsPlatform(t *testing.T) {
	const version = "v1.2.3"
	sums := map[string]string{}
	for i, p := range platforms() {
		sums[p.archive(version)] = strings.Repeat(string(rune('a'+i)), 64)
	}
	manifest := rendered(t, version, sums)
	if manifest.Spec.Version != version {
		t.Errorf("version is %q", manifest.Spec.Version)
	}
	if len(manifest.Spec.Platforms) != len(platforms()) {
		t.Errorf("%d platforms are built, but the manifest offers %d", len(platforms()), len(manifest.Spec.Platforms))
	}
	for i, offered := range manifest.Spec.Platforms {
		labels := offered.Selector.MatchLabels
		p := platform{labels["os"], labels["arch"]}
		if !slices.Contains(platforms(), p) || len(labels) != 2 {
			t.Errorf("platforms[%d] is for %v, which is not built", i, labels)
			continue
		}
		want := "https://github.com/kubectl-nodeport/kubectl-nodeport/releases/download/" + version + "/" + p.archive(version)
		if offered.URI != want {
			t.Errorf("the archive for %v is %s, not %s", p, offered.URI, want)
		}
		if offered.SHA256 != sums[path.Base(offered.URI)] {
			t.Errorf("the checksum for %v is %q", p, offered.SHA256)
		}
		if offered.Bin != p.binary() {
			t.Errorf("the program for %v is %q, not %q", p, offered.Bin, p.binary())
		}
	}
}

// What krew's index asks for beyond its rules: a short description of at most 50
// characters, and lines of at most 80.
func TestTheKrewManifestReadsWellInAList(t *testing.T) {
	sums := map[string]string{}
	for _, p := range platforms() {
		sums[p.archive("v0.0.1")] = strings.Repeat("a", 64)
	}
	manifest := rendered(t, "v0.0.1", sums)
	if s := manifest.Spec.ShortDescription; len(s) > 50 {
		t.Errorf("the short description has %d characters: %q", len(s), s)
	}
	for line := range strings.Lines(manifest.Spec.Description + manifest.Spec.Caveats) {
		if len(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("a line is longer than 80: %q", line)
		}
	}
	if manifest.Spec.Homepage == "" {
		t.Error("it has no homepage")
	}
}

func TestAKrewManifestIsRefusedForAnArchiveThatIsMissing(t *testing.T) {
	text := readTemplate(t)
	_, err := renderKrewManifest(text, "v0.0.1", map[string]string{})
	if err == nil || !strings.Contains(err.Error(), "there is no archive kubectl-nodeport_v0.0.1_linux_amd64.tar.gz") {
		t.Errorf("got error %v", err)
	}
}

func TestGoreleaserBuildsTheSamePlatformsUnderTheSameNames(t *testing.T) {
	data, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		ProjectName string `json:"project_name"`
		Builds      []struct{ Goos, Goarch, Ldflags []string }
		Before      struct{ Hooks []string }
		Archives    []struct {
			NameTemplate    string `json:"name_template"`
			Formats         []string
			FormatOverrides []struct {
				Goos    string
				Formats []string
			} `json:"format_overrides"`
			Files []struct{ Src string }
		}
	}
	if err := yaml.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	archive := config.Archives[0]
	flags := strings.NewReplacer("{{ .Tag }}", "v1.2.3", "{{ .FullCommit }}", "1a2b").Replace(config.Builds[0].Ldflags[0])
	if want := linkerFlags("v1.2.3+1a2b"); flags != want {
		t.Errorf("goreleaser links with %q, make dist with %q", flags, want)
	}
	var members []string
	for _, member := range archive.Files {
		members = append(members, path.Base(strings.NewReplacer(`{{ if eq .Os "windows" }}.cmd{{ end }}`, "",
			`{{ if eq .Os "windows" }}none{{ else }}1{{ end }}`, "1").Replace(member.Src)))
	}
	if want := []string{"LICENSE", platform{os: "linux"}.completer(), "*.1"}; !slices.Equal(members, want) {
		t.Errorf("beside the program goreleaser packs %q, want %q", members, want)
	}
	if want := "go run ./plugins/release man -version {{ .Tag }} -dir " + manFolder; !slices.Contains(config.Before.Hooks, want) {
		t.Errorf("goreleaser runs %q before it builds, want %q", config.Before.Hooks, want)
	}
	var names []string
	for _, system := range config.Builds[0].Goos {
		format := archive.Formats[0]
		for _, override := range archive.FormatOverrides {
			if override.Goos == system {
				format = override.Formats[0]
			}
		}
		for _, arch := range config.Builds[0].Goarch {
			name := strings.NewReplacer("{{ .ProjectName }}", config.ProjectName, "{{ .Tag }}", "v1.2.3",
				"{{ .Os }}", system, "{{ .Arch }}", arch).Replace(archive.NameTemplate)
			names = append(names, name+"."+format)
		}
	}
	var want []string
	for _, p := range platforms() {
		want = append(want, p.archive("v1.2.3"))
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("make dist and goreleaser differ (- make, + goreleaser):\n%s", diff)
	}
}

func TestMakeLinksAsReleasesAre(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`(?m)^RELEASE := (\S+)$`).FindSubmatch(makefile)
	if variable == nil || !strings.HasSuffix(linkerFlags("$(VERSION)+$(COMMIT)"), string(variable[1])) ||
		!bytes.Contains(makefile, []byte(`"-s -w -X $(RELEASE)"`)) {
		t.Errorf("the Makefile links otherwise than %q", linkerFlags("$(VERSION)+$(COMMIT)"))
	}
}

func TestArchivesHoldPlainFilesAndAreTheSameEachTime(t *testing.T) {
	files := []file{{"kubectl-nodeport", 0o755, []byte("program")}, {"LICENSE", 0o644, []byte("license")}}
	at := time.Unix(1_700_000_000, 0).UTC()
	for name, pack := range map[string]struct {
		write func([]file, time.Time) ([]byte, error)
		read  func(*testing.T, []byte) []file
	}{
		"tar.gz": {tarred, untarred},
		"zip":    {zipped, unzipped},
	} {
		first, err := pack.write(files, at)
		if err != nil {
			t.Fatal(err)
		}
		second, err := pack.write(files, at)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("two archives of the same files differ as %s", name)
		}
		if diff := cmp.Diff(files, pack.read(t, first), cmp.AllowUnexported(file{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestChecksumsAreReadAsTheyAreWritten(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	name := t.TempDir() + "/" + checksums
	if err := os.WriteFile(name, []byte(sum+"  a.tar.gz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sums, err := readChecksums(name)
	if err != nil || sums["a.tar.gz"] != sum {
		t.Errorf("got %v, %v", sums, err)
	}
}

func rendered(t *testing.T, version string, sums map[string]string) krewPlugin {
	t.Helper()
	text, err := renderKrewManifest(readTemplate(t), version, sums)
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`\{\{|\}\}`).Find(text); found != nil {
		t.Errorf("the manifest still holds %s", found)
	}
	return asPlugin(t, text)
}

func readTemplate(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../.krew.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func untarred(t *testing.T, data []byte) []file {
	t.Helper()
	uncompressed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var files []file
	r := tar.NewReader(uncompressed)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file{header.Name, header.FileInfo().Mode(), content})
	}
}

func unzipped(t *testing.T, data []byte) []file {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var files []file
	for _, member := range r.File {
		content, err := member.Open()
		if err != nil {
			t.Fatal(err)
		}
		read, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file{member.Name, member.Mode(), read})
	}
	return files
}
