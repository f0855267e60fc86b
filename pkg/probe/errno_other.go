//go:build !windows

package probe

// isRefused returns false: only Windows has error numbers of its own.
func isRefused(error) bool { return false }

// isNoRoute returns false, like isRefused.
func isNoRoute(error) bool { return false }
