//go:build !unix

package local

import "io/fs"

// user needs no name: the folder for temporary files is each user's own.
func user() string { return "run" }

func isPrivate(fs.FileInfo) bool { return true }

func keepsEntries(fs.FileInfo) bool { return true }
