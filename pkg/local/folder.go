package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// folderParent returns the folder that holds those of the control sockets: the
// first of $XDG_RUNTIME_DIR, the folder for temporary files and the user's cache
// in which nobody else can replace them.
func folderParent() (string, error) {
	candidates := []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir()}
	if cache, err := os.UserCacheDir(); err == nil {
		candidates = append(candidates, cache)
	}
	for _, parent := range candidates {
		if parent != "" && os.MkdirAll(parent, 0o700) == nil && isTrusted(parent) {
			return parent, nil
		}
	}
	return "", errors.New("no folder is safe for the control socket; set XDG_RUNTIME_DIR to one that only you can write to")
}

// isTrusted reports whether only this user and root can replace what this user
// puts into a folder.
func isTrusted(folder string) bool {
	info, err := os.Stat(folder)
	return err == nil && info.IsDir() && keepsEntries(info)
}

// folderName is that of the folder of the control sockets, and the beginning of
// the names of those that were made because somebody else has it.
func folderName() string { return "kubectl-nodeport-" + user() }

// privateFolders returns the folders for control sockets that exist, sorted.
// There is more than one only where a foreign file or link was in the place of
// the first.
func privateFolders() ([]string, error) {
	parent, err := folderParent()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return nil, fmt.Errorf("cannot look for control sockets: %w", err)
	}
	var folders []string
	for _, entry := range entries {
		path := filepath.Join(parent, entry.Name())
		if strings.HasPrefix(entry.Name(), folderName()) && isPrivateFolder(path) {
			folders = append(folders, path)
		}
	}
	return folders, nil
}

// isPrivateFolder reports whether a folder, and no link to one, is this user's
// and closed to all others.
func isPrivateFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir() && isPrivate(info)
}

// openPrivateFolders is privateFolders, of which there is at least one
// afterwards. What somebody else has put in its place is neither followed nor
// removed: the new folder gets another name.
func openPrivateFolders() ([]string, error) {
	folders, err := privateFolders()
	if err != nil || len(folders) > 0 {
		return folders, err
	}
	parent, err := folderParent()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(parent, folderName())
	err = os.Mkdir(path, 0o700)
	if errors.Is(err, fs.ErrExist) {
		err = nil
		if !isPrivateFolder(path) {
			_, err = os.MkdirTemp(parent, folderName()+"-*")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot make a folder for the control socket: %w", err)
	}
	return privateFolders()
}
