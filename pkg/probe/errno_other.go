//go:build !windows

package probe

func wasRefused(error) bool { return false }

func hadNoRoute(error) bool { return false }
