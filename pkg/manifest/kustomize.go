package manifest

import (
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"
)

// kustomizationLimit is the most that a kustomization may hold.
const kustomizationLimit = 1 << 20

// patchFiles are files that a kustomization patches others with: parts of
// objects, not objects.
type patchFiles map[string]bool

func (p patchFiles) has(file string) bool { return p[filepath.Clean(file)] }

// kustomizePatches returns the patches that the kustomizations among files name
// (sigs.k8s.io/kustomize/api types/kustomization.go). What cannot be read is
// passed over here, and told when the file itself is read.
func kustomizePatches(files []string) patchFiles {
	patches := patchFiles{}
	for _, file := range files {
		name := filepath.Base(file)
		if !slices.Contains([]string{"kustomization.yaml", "kustomization.yml"}, name) {
			continue
		}
		var written struct {
			Patches               []struct{ Path string } `json:"patches"`
			PatchesJSON6902       []struct{ Path string } `json:"patchesJson6902"`
			PatchesStrategicMerge []string                `json:"patchesStrategicMerge"`
		}
		data, err := ReadRegular(file, kustomizationLimit)
		if err != nil || yaml.Unmarshal(data, &written) != nil {
			continue
		}
		for _, patch := range slices.Concat(written.Patches, written.PatchesJSON6902) {
			patches[filepath.Join(filepath.Dir(file), patch.Path)] = patch.Path != ""
		}
		for _, path := range written.PatchesStrategicMerge {
			patches[filepath.Join(filepath.Dir(file), path)] = true
		}
	}
	return patches
}
