package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/version"
)

// krewPlugin are the fields of krew's v1alpha2 Plugin (pkg/index/types.go).
type krewPlugin struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Version          string
		Homepage         string
		ShortDescription string
		Description      string
		Caveats          string
		Platforms        []krewPlatform
	}
}

type krewPlatform struct {
	Selector         *metav1.LabelSelector
	URI, SHA256, Bin string
	Files            []struct{ From, To string }
}

// validatePlugin has the rules of ValidatePlugin (internal/index/validation/validate.go),
// under which krew reads a manifest from an index.
func validatePlugin(name string, p krewPlugin) error {
	switch {
	case p.APIVersion != "krew.googlecontainertools.github.com/v1alpha2": // isSupportedAPIVersion
		return fmt.Errorf("apiVersion %q", p.APIVersion)
	case p.Kind != "Plugin":
		return fmt.Errorf("kind %q", p.Kind)
	case !isSafePluginName(name):
		return fmt.Errorf("unsafe name %q", name)
	case p.Name != name:
		return fmt.Errorf("name %q in the file of %q", p.Name, name)
	case p.Spec.ShortDescription == "" || strings.ContainsAny(p.Spec.ShortDescription, "\r\n"):
		return fmt.Errorf("short description %q", p.Spec.ShortDescription)
	case len(p.Spec.Platforms) == 0:
		return errors.New("no platforms")
	}
	// Parse of internal/installation/semver/version.go.
	if _, err := version.ParseSemantic(p.Spec.Version); err != nil || !strings.HasPrefix(p.Spec.Version, "v") {
		return fmt.Errorf("version %q", p.Spec.Version)
	}
	for i, platform := range p.Spec.Platforms {
		if err := validatePlatform(platform); err != nil {
			return fmt.Errorf("platforms[%d]: %w", i, err)
		}
	}
	return nil
}

// isSafePluginName is that of the same file, with the names that Windows keeps.
func isSafePluginName(name string) bool {
	kept := regexp.MustCompile(`(?i)^(CON|PRN|AUX|NUL|(COM|LPT)[1-9])$`)
	return regexp.MustCompile(`^[\w-]+$`).MatchString(name) && !kept.MatchString(name)
}

// validatePlatform, with validateFiles, is of the same file.
func validatePlatform(p krewPlatform) error {
	switch {
	case p.URI == "":
		return errors.New("no uri")
	case !regexp.MustCompile(`^[a-f0-9]{64}$`).MatchString(p.SHA256): // isValidSHA256
		return fmt.Errorf("sha256 %q", p.SHA256)
	case p.Bin == "":
		return errors.New("no bin")
	case p.Files != nil && len(p.Files) == 0:
		return errors.New("empty files")
	}
	for _, operation := range p.Files {
		if operation.From == "" || operation.To == "" {
			return fmt.Errorf("file operation %v", operation)
		}
	}
	return validateSelector(p.Selector)
}

// validateSelector is of the same file.
func validateSelector(selector *metav1.LabelSelector) error {
	if selector == nil || len(selector.MatchLabels) == 0 && len(selector.MatchExpressions) == 0 {
		return errors.New("no selector")
	}
	for key := range selector.MatchLabels {
		if key != "os" && key != "arch" {
			return fmt.Errorf("selector key %q", key)
		}
	}
	for _, expression := range selector.MatchExpressions {
		if expression.Key != "os" && expression.Key != "arch" {
			return fmt.Errorf("selector key %q", expression.Key)
		}
	}
	return nil
}

// validateForIndex has the rules of validateManifestFile
// (cmd/validate-krew-manifest/main.go), by which krew's own index is checked:
// each platform selects a system that krew knows, none of which two select.
func validateForIndex(file string, p krewPlugin) error {
	name, found := strings.CutSuffix(filepath.Base(file), ".yaml")
	if !found {
		return fmt.Errorf("file %s", file)
	}
	if err := validatePlugin(name, p); err != nil {
		return err
	}
	taken := map[platform]int{}
	for i, offered := range p.Spec.Platforms {
		systems := matching(offered.Selector) // findAnyMatchingPlatform
		if len(systems) == 0 {
			return fmt.Errorf("platforms[%d] selects no system", i)
		}
		for _, system := range systems { // isOverlappingPlatformSelectors
			if other, found := taken[system]; found {
				return fmt.Errorf("platforms[%d] and [%d] select %s/%s", other, i, system.os, system.arch)
			}
			taken[system] = i
		}
	}
	return nil
}

// matching is selectorMatchesOSArch for all of allPlatforms, of that file.
func matching(selector *metav1.LabelSelector) []platform {
	var systems []platform
	matcher, err := metav1.LabelSelectorAsSelector(selector)
	for os, architectures := range map[string][]string{
		"windows": {"386", "amd64", "arm64"},
		"linux":   {"386", "amd64", "arm", "arm64", "ppc64le"},
		"darwin":  {"386", "amd64", "arm64"},
	} {
		for _, arch := range architectures {
			if err == nil && matcher.Matches(labels.Set{"os": os, "arch": arch}) {
				systems = append(systems, platform{os, arch})
			}
		}
	}
	return systems
}

// unpack does what krew does with an archive: it looks at its first bytes for
// what it is, and writes its members, of which it refuses links and names
// that lead elsewhere (extractArchive, extractTARGZ, extractZIP, suspiciousPath of
// internal/download/downloader.go). A zip has to say its folders, as versions
// of krew before 2022 make none for a file.
func unpack(archive []byte, dir string) error {
	switch kind, _, _ := strings.Cut(http.DetectContentType(archive), ";"); kind {
	case "application/zip":
		return unpackZip(archive, dir)
	case "application/x-gzip":
		return unpackTar(archive, dir)
	default:
		return fmt.Errorf("an archive of type %s", kind)
	}
}

func unpackTar(archive []byte, dir string) error {
	uncompressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return err
	}
	for r := tar.NewReader(uncompressed); ; {
		header, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case suspicious(header.Name) || header.Typeflag != tar.TypeReg:
			return fmt.Errorf("member %q of type %d", header.Name, header.Typeflag)
		}
		name := filepath.Join(dir, filepath.FromSlash(header.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := writeMember(name, r, os.FileMode(header.Mode)); err != nil {
			return err
		}
	}
}

func unpackZip(archive []byte, dir string) error {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return err
	}
	for _, member := range r.File {
		if suspicious(member.Name) {
			return fmt.Errorf("member %q", member.Name)
		}
		content, err := member.Open()
		if err != nil {
			return err
		}
		if err := writeMember(filepath.Join(dir, filepath.FromSlash(member.Name)), content, member.Mode()); err != nil {
			return err
		}
	}
	return nil
}

func suspicious(name string) bool {
	return strings.Contains(name, "..") || strings.HasPrefix(name, "/") || strings.HasPrefix(name, `\`)
}

func writeMember(name string, r io.Reader, mode fs.FileMode) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return os.WriteFile(name, content, mode)
}

// hasLicense is validateLicenseFileExists of cmd/validate-krew-manifest/main.go.
func hasLicense(dir string) bool {
	found := false
	_ = filepath.WalkDir(dir, func(name string, _ fs.DirEntry, _ error) error {
		found = found || slices.Contains([]string{
			"license", "license.txt", "license.md", "licenses", "licenses.txt", "licenses.md", "copying", "copying.txt",
		}, strings.ToLower(path.Base(filepath.ToSlash(name))))
		return nil
	})
	return found
}
