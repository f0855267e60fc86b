package assets

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Registry is the host part of the images' names; no such host exists, so pods
// need imagePullPolicy: Never.
const Registry = "nodeport.test"

// imageNames are the images; each is made from the program of the same name.
func imageNames() []string { return []string{"pause", "srv"} }

// ImageName returns the full name of an image.
func ImageName(name string) string { return Registry + "/" + name + ":1" }

// Images returns the archives of the images, which it builds from the source
// tree where they are not there or their source has changed.
func (c Cache) Images(ctx context.Context) ([]string, error) {
	unlock, err := c.lock(Kubernetes)
	if err != nil {
		return nil, err
	}
	defer unlock()
	m, err := c.module(ctx, Kubernetes)
	if err != nil {
		return nil, err
	}
	sum, err := sourceSum(filepath.Join(m.dir, "images"))
	if err != nil {
		return nil, err
	}
	var archives []string
	for _, name := range imageNames() {
		archive := filepath.Join(c.Dir, "images", sum, name+".tar")
		archives = append(archives, archive)
		if _, err := os.Stat(archive); err == nil {
			continue
		}
		if err := m.buildImage(ctx, name, archive); err != nil {
			return nil, fmt.Errorf("build image %s: %w", name, err)
		}
	}
	return archives, nil
}

func sourceSum(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.go"))
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(sum, "%s %d %s\n%s", runtime.Version(), len(text), f, text)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:8]), nil
}

func (m module) buildImage(ctx context.Context, name, archive string) error {
	if err := os.MkdirAll(filepath.Dir(archive), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(archive), "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	program := filepath.Join(temp, name)
	static := []string{"CGO_ENABLED=0", "GOOS=linux"} // the image has no C library
	if err := m.build(ctx, program, "./images/"+name, static, "-ldflags", "-s -w"); err != nil {
		return err
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	text, err := ImageArchive(ImageName(name), "/"+name, binary)
	if err != nil {
		return err
	}
	if err := os.WriteFile(program+".tar", text, 0o644); err != nil {
		return err
	}
	return os.Rename(program+".tar", archive)
}

// ImageArchive returns an image in the format of docker save, whose only layer
// holds one program as its entry point, and a /tmp.
func ImageArchive(name, entry string, binary []byte) ([]byte, error) {
	layer, err := tarball(tarEntry{entry[1:], 0o755, binary}, tarEntry{"tmp/", 0o1777, nil})
	if err != nil {
		return nil, err
	}
	type object = map[string]any
	config, err := json.Marshal(object{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config":       object{"Entrypoint": []string{entry}},
		"rootfs":       object{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
		"history":      []object{{}},
	})
	if err != nil {
		return nil, err
	}
	configName, layerName := digest(config)+".json", digest(layer)+"/layer.tar"
	manifest, err := json.Marshal([]object{{"Config": configName, "RepoTags": []string{name}, "Layers": []string{layerName}}})
	if err != nil {
		return nil, err
	}
	return tarball(tarEntry{configName, 0o644, config}, tarEntry{layerName, 0o644, layer}, tarEntry{"manifest.json", 0o644, manifest})
}

func digest(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

type tarEntry struct {
	name string
	mode int64
	body []byte
}

// tarball packs entries; a name that ends in a slash is a directory's.
func tarball(entries ...tarEntry) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.body)), Typeflag: tar.TypeReg}
		if e.name[len(e.name)-1] == '/' {
			header.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.body); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), w.Close()
}
