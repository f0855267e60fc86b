//go:build !unix

package assets

import (
	"os"
	"path/filepath"
)

// lock only makes the version's directory: rigs do not run on this system.
func (c Cache) lock(v Version) (unlock func(), err error) {
	return func() {}, os.MkdirAll(filepath.Join(c.Dir, string(v)), 0o755)
}
