package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const program = "kubectl-nodeport"

// platform is an operating system and architecture that is published.
type platform struct{ os, arch string }

func platforms() []platform {
	var all []platform
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			all = append(all, platform{system, arch})
		}
	}
	return all
}

// archive is the name of the platform's archive; .goreleaser.yaml and
// .krew.yaml have the same names.
func (p platform) archive(version string) string {
	name := fmt.Sprintf("%s_%s_%s_%s", program, version, p.os, p.arch)
	if p.os == "windows" {
		return name + ".zip"
	}
	return name + ".tar.gz"
}

func (p platform) binary() string {
	if p.os == "windows" {
		return program + ".exe"
	}
	return program
}

// completer is the program that kubectl calls to complete the plugin's words.
func (p platform) completer() string {
	if p.os == "windows" {
		return "kubectl_complete-nodeport.cmd"
	}
	return "kubectl_complete-nodeport"
}

const checksums = "checksums.txt"

// writeArchives builds all platforms into dir, beside checksums as sha256sum
// writes and reads them.
func writeArchives(version, commit, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for _, p := range platforms() {
		name := p.archive(version)
		data, err := p.pack(version + "+" + commit)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
		line := fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name)
		fmt.Print(line)
		sums.WriteString(line)
	}
	return os.WriteFile(filepath.Join(dir, checksums), []byte(sums.String()), 0o644)
}

// file is a member of an archive. There are no folders and links: krew
// refuses the latter.
type file struct {
	name string
	mode os.FileMode
	data []byte
}

// pack builds the program for the platform and returns its archive.
func (p platform) pack(release string) ([]byte, error) {
	binary, err := p.build(release)
	if err != nil {
		return nil, err
	}
	version, _, _ := strings.Cut(release, "+")
	files, err := p.members(binary, version)
	if err != nil {
		return nil, err
	}
	return p.archived(files)
}

// members are what the platform's archive holds: the program, what completes
// it, the license, and the man pages where there is a man.
func (p platform) members(binary []byte, version string) ([]file, error) {
	license, err := os.ReadFile("LICENSE")
	if err != nil {
		return nil, err
	}
	completer, err := os.ReadFile(filepath.Join("plugins", p.completer()))
	if err != nil {
		return nil, err
	}
	files := []file{{p.binary(), 0o755, binary}, {p.completer(), 0o755, completer}, {"LICENSE", 0o644, license}}
	if p.os == "windows" { // without folders, for which old versions of krew want entries in a zip
		return files, nil
	}
	for _, page := range manPages(version) {
		page.name = manFolder + "/" + page.name
		files = append(files, page)
	}
	return files, nil
}

func (p platform) archived(files []file) ([]byte, error) {
	if p.os == "windows" {
		return zipped(files, commitTime())
	}
	return tarred(files, commitTime())
}

// linkerFlags leave out what only debuggers read, and write the version and
// commit into the program; .goreleaser.yaml and the Makefile have the same.
func linkerFlags(release string) string {
	return "-s -w -X github.com/kubectl-nodeport/kubectl-nodeport/pkg/cli.release=" + release
}

func (p platform) build(release string) ([]byte, error) {
	folder, err := os.MkdirTemp("", program)
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	out := filepath.Join(folder, p.binary())
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", linkerFlags(release), "-o", out, "./cmd/"+program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// commitTime is that of the sources, the same for everybody: SOURCE_DATE_EPOCH,
// or else that of the last commit.
func commitTime() time.Time {
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		out, _ := exec.Command("git", "log", "-1", "--format=%ct").Output()
		epoch = strings.TrimSpace(string(out))
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // sources without their history
	}
	return time.Unix(seconds, 0).UTC()
}

func tarred(files []file, at time.Time) ([]byte, error) {
	var archive bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&archive, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(compressed)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: int64(f.mode), Size: int64(len(f.data)), ModTime: at, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := closeAll(w, compressed); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

func zipped(files []file, at time.Time) ([]byte, error) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at}
		header.SetMode(f.mode)
		member, err := w.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := member.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := closeAll(w); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

func closeAll(closers ...io.Closer) error {
	for _, c := range closers {
		if err := c.Close(); err != nil {
			return err
		}
	}
	return nil
}
