package assets

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Version is a release of Kubernetes, such as "v1.33.13".
type Version string

// Kubernetes is the version that rigs run unless another one is asked for; the
// go.mod of test/rig/kubernetes pins the same.
const Kubernetes Version = "v1.37.2"

// oldest is the oldest minor version that the oracle can be built for.
const oldest = 30

// ParseVersion parses a version as users type it: "v1.33.13" or "1.33.13". An
// empty string is the pinned version.
func ParseVersion(text string) (Version, error) {
	if text == "" {
		return Kubernetes, nil
	}
	v := Version("v" + strings.TrimPrefix(text, "v"))
	if !regexp.MustCompile(`^v1\.\d+\.\d+(-[0-9a-z.]+)?$`).MatchString(string(v)) {
		return "", fmt.Errorf("%q is no version of Kubernetes; write it as v1.33.13", text)
	}
	if v.Minor() < oldest {
		return "", fmt.Errorf("the rig builds Kubernetes v1.%d and newer, not %s", oldest, v)
	}
	return v, nil
}

// Minor returns the minor version: 33 of v1.33.13.
func (v Version) Minor() int {
	minor, _ := strconv.Atoi(strings.Split(string(v), ".")[1])
	return minor
}

// library returns the version of the modules that are published with this
// version of k8s.io/kubernetes, such as k8s.io/api.
func (v Version) library() string { return "v0." + strings.TrimPrefix(string(v), "v1.") }

// tags returns the build tags that choose between versions of the oracle's
// source: before1.N for each N newer than this version.
func (v Version) tags() []string {
	var tags []string
	for n := v.Minor() + 1; n <= Kubernetes.Minor(); n++ {
		tags = append(tags, fmt.Sprintf("before1.%d", n))
	}
	return tags
}
