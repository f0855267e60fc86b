//go:build !linux

package process

import "errors"

// MakeCgroup makes a cgroup, which only Linux has.
func MakeCgroup(string) error { return errors.New("only Linux has cgroups") }

// cgroupPids returns the processes in a cgroup, which only Linux has.
func cgroupPids(string) []int { return nil }

// RemoveCgroup removes a cgroup, which only Linux has.
func RemoveCgroup(string) error { return nil }
