package cli

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// saver keeps services as manifests in a folder, one file each. Its methods may
// be called by several goroutines.
type saver struct {
	folder string

	mu sync.Mutex
	// files are those that it wrote, by their paths.
	files map[string]savedFile
}

// savedFile is a file as it was written.
type savedFile struct {
	text []byte
	info os.FileInfo
}

func newSaver(folder string) *saver { return &saver{folder: folder, files: map[string]savedFile{}} }

// save makes the folder hold some services and none that it was given before.
// It goes on after an error; a service that cannot be saved stays as it was
// saved before.
func (s *saver) save(services []*corev1.Service) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	gone := maps.Clone(s.files)
	for _, service := range services {
		path := s.pathOf(service)
		delete(gone, path)
		if err := s.write(path, service); err != nil {
			errs = append(errs, fmt.Errorf("cannot save service %s/%s in %s: %w; it is tried again with the next change and when the run ends",
				service.Namespace, service.Name, path, rootCause(err)))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(gone)) {
		if text, err := os.ReadFile(path); err == nil && bytes.Equal(text, gone[path].text) { // else it is the user's by now
			_ = os.Remove(path)
		}
		delete(s.files, path)
	}
	return errors.Join(errs...)
}

func (s *saver) write(path string, service *corev1.Service) error {
	text, err := yaml.Marshal(asManifest(service))
	if err != nil || bytes.Equal(s.files[path].text, text) {
		return err
	}
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		return err
	}
	if err := replaceFile(path, text); err != nil {
		return err
	}
	info, err := os.Stat(path)
	s.files[path] = savedFile{text, info}
	return err
}

// path returns the file of a service, and whether it holds the service as it was
// last given.
func (s *saver) path(service *corev1.Service) (path string, saved bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path = s.pathOf(service)
	text, err := yaml.Marshal(asManifest(service))
	return path, err == nil && bytes.Equal(s.files[path].text, text)
}

// wrote reports whether a file is one that the saver wrote, and nobody has
// changed since: a run whose manifests are in the same folder does not take it
// for an edit.
func (s *saver) wrote(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	for _, file := range s.files {
		if file.info != nil && os.SameFile(file.info, info) && file.info.ModTime().Equal(info.ModTime()) && file.info.Size() == info.Size() {
			return true
		}
	}
	return false
}

func (s *saver) pathOf(service *corev1.Service) string {
	return filepath.Join(s.folder, savedName(service.Namespace, service.Name))
}

// savedName returns the name of a service's file. Names of different services
// differ, also where case does not count, are no device's on Windows, and have
// 132 characters at most.
func savedName(namespace, name string) string {
	const longest = 63 // of a DNS label
	plain := func(s string) bool {
		return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool {
			return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
		})
	}
	if plain(namespace) && plain(name) {
		return namespace + "_" + name + ".yaml"
	}
	return fmt.Sprintf("%x.yaml", sha256.Sum256(fmt.Appendf(nil, "%q %q", namespace, name)))
}

// replaceFile writes a file as a whole: it holds the new text or, after an error
// or a crash, the old one.
func replaceFile(path string, text []byte) (err error) {
	temporary := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.tmp", filepath.Base(path), os.Getpid()))
	_ = os.Remove(temporary) // of a process of this number that was killed
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary)
		}
	}()
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err == nil {
		syncFolder(filepath.Dir(path))
	}
	return err
}

// syncFolder has a rename survive a loss of power, where the system can.
func syncFolder(path string) {
	if folder, err := os.Open(path); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
}

// asManifest leaves of a service what its author would write: not the addresses
// that a cluster gives out.
func asManifest(service *corev1.Service) *corev1.Service {
	manifest := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: service.Name, Namespace: service.Namespace, Labels: service.Labels, Annotations: service.Annotations,
		},
		Spec: *service.Spec.DeepCopy(),
	}
	manifest.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Service"))
	if manifest.Spec.ClusterIP != corev1.ClusterIPNone {
		manifest.Spec.ClusterIP, manifest.Spec.ClusterIPs = "", nil
	}
	return manifest
}
