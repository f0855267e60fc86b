package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
)

// writeKrewManifest renders the template of krew-release-bot with the
// checksums in dir, to nodeport.yaml in there.
func writeKrewManifest(version, dir, templateFile string) error {
	sums, err := readChecksums(filepath.Join(dir, checksums))
	if err != nil {
		return err
	}
	text, err := os.ReadFile(templateFile)
	if err != nil {
		return err
	}
	manifest, err := renderKrewManifest(string(text), version, sums)
	if err != nil {
		return fmt.Errorf("%s: %w", templateFile, err)
	}
	out := filepath.Join(dir, "nodeport.yaml")
	fmt.Println(out)
	return os.WriteFile(out, manifest, 0o644)
}

// renderKrewManifest does what krew-release-bot does, which downloads the
// archives of the release to learn their checksums.
func renderKrewManifest(text, version string, sums map[string]string) ([]byte, error) {
	tmpl := template.New("krew").Funcs(template.FuncMap{
		"addURIAndSha": func(uri, tag string) (string, error) {
			uri = strings.ReplaceAll(uri, "{{ .TagName }}", tag)
			sum, ok := sums[path.Base(uri)]
			if !ok {
				return "", fmt.Errorf("there is no archive %s", path.Base(uri))
			}
			return fmt.Sprintf("uri: %s\n    sha256: %s", uri, sum), nil
		},
	})
	tmpl, err := tmpl.Parse(text)
	if err != nil {
		return nil, err
	}
	var manifest bytes.Buffer
	if err := tmpl.Execute(&manifest, map[string]string{"TagName": version}); err != nil {
		return nil, err
	}
	return manifest.Bytes(), nil
}

// readChecksums reads the file that writeArchives writes: sums by file name.
func readChecksums(name string) (map[string]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(data)) {
		sum, file, found := strings.Cut(strings.TrimSpace(line), "  ")
		if !found {
			return nil, fmt.Errorf("%s: %q is no checksum and name", name, line)
		}
		sums[file] = sum
	}
	return sums, nil
}
