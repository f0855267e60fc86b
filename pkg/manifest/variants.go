package manifest

import (
	"path/filepath"
	"slices"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// identity is what the API server tells objects apart by.
type identity struct {
	group string
	snapshot.Ref
}

func (o *Object) identity() identity { return identity{group(o.APIVersion), o.Ref} }

// folder is where the object's file was found; empty for a file that the user
// named.
func (o *Object) folder() string {
	if !o.found {
		return ""
	}
	return filepath.Dir(o.Position.File)
}

// Variant is a set as it would be if the objects of one folder counted.
type Variant struct {
	*Set
	// Own are the objects of the folder that the set itself passes over.
	Own []*Object
}

// Variants returns one set for each folder with objects that another folder
// holds as well with other contents, as repositories do that keep a folder for
// each environment. In the set itself the last of them counts.
func (s *Set) Variants() []Variant {
	winners := make(map[identity]*Object, len(s.Objects))
	for _, object := range s.Objects {
		winners[object.identity()] = object
	}
	var folders []string
	own := map[string][]*Object{}
	for _, object := range s.Superseded {
		if folder := object.folder(); folder != winners[object.identity()].folder() {
			if own[folder] == nil {
				folders = append(folders, folder)
			}
			own[folder] = append(own[folder], object)
		}
	}
	var variants []Variant
	for _, folder := range folders {
		variants = append(variants, s.variant(own[folder]))
	}
	return variants
}

func (s *Set) variant(own []*Object) Variant {
	counts := make(map[identity]*Object, len(own))
	for _, object := range own {
		counts[object.identity()] = object
	}
	objects := slices.Clone(s.Objects)
	for i, object := range objects {
		if instead := counts[object.identity()]; instead != nil {
			objects[i] = instead
		}
	}
	return Variant{&Set{Objects: objects}, own}
}

// before are the superseded objects that come from where the one that counts
// does: then one is an update of the other, not the same for elsewhere.
func (s *Set) before() []*Object {
	folders := make(map[identity]string, len(s.Objects))
	for _, object := range s.Objects {
		folders[object.identity()] = object.folder()
	}
	return slices.DeleteFunc(slices.Clone(s.Superseded), func(object *Object) bool {
		return folders[object.identity()] != object.folder()
	})
}
