// Package kubernetes holds, as data, what differs between versions of Kubernetes
// in services, their node ports and the paths to them.
package kubernetes

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is a minor version of Kubernetes: 33 is Kubernetes 1.33. The zero value
// is an unknown version.
type Version int

// Oldest and Newest are the versions that this package was compared with.
const (
	Oldest Version = 30
	Newest Version = 37
)

// ParseVersion parses a version as users and API servers write it: "1.33",
// "v1.33.13" or "v1.33.5-eks-113cf36". It does not limit the version to those
// from Oldest to Newest.
func ParseVersion(text string) (Version, error) {
	major, rest, _ := strings.Cut(strings.TrimPrefix(text, "v"), ".")
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	minor, err := strconv.Atoi(rest[:digits])
	if major != "1" || err != nil || minor == 0 || minor > 999 {
		return 0, fmt.Errorf("%q is not a version of Kubernetes such as 1.33", text)
	}
	return Version(minor), nil
}

// String returns the version as in "1.33"; an unknown one is empty.
func (v Version) String() string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("1.%d", int(v))
}
