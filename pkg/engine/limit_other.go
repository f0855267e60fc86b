//go:build !unix

package engine

func descriptors() int { return 0 }
