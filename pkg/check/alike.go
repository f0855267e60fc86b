package check

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// identityLabels are the keys by which people tell applications and their
// parts from each other, not their versions, tracks or stages. The most telling
// come first.
func identityLabels() []string {
	return []string{
		"app.kubernetes.io/component", "component", "role", "tier",
		"app.kubernetes.io/name", "app", "k8s-app", "name", "run",
	}
}

// alike tells whether two pods of different owners are plausibly the same
// application, such as stable and canary, and if not, by what they differ.
// Pods of one image may be parts of one application that only some of the
// traffic is for, but then their ports tell.
func (x *subject) alike(one, other *backend) (why string, alike bool) {
	port, samePorts := x.sameTargets(one, other)
	key, differ := differingIdentity(one, other)
	if differ && !(sameImage(one, other) && samePorts) {
		return fmt.Sprintf("which differ in label %s: %s and %s", key, plain(one.labels[key]), plain(other.labels[key])), false
	}
	if !samePorts && !sameImage(one, other) && declaresAny(one) && declaresAny(other) {
		return fmt.Sprintf("of which only one declares target port %s", plain(port)), false
	}
	return "", true
}

func differingIdentity(one, other *backend) (key string, differ bool) {
	for _, key := range identityLabels() {
		if a, b := one.labels[key], other.labels[key]; a != b && a != "" && b != "" {
			return key, true
		}
	}
	return "", false
}

// sameTargets tells whether two pods declare the same of the service's target
// ports, and if not, which only one of them declares.
func (x *subject) sameTargets(one, other *backend) (port string, same bool) {
	for i := range x.service.Spec.Ports {
		target := x.service.Spec.Ports[i].TargetPort
		if declaresTarget(one, target) != declaresTarget(other, target) {
			return target.String(), false
		}
	}
	return "", true
}

// sameImage compares the repositories of the images, not their versions.
func sameImage(one, other *backend) bool {
	repositories := func(b *backend) []string {
		var names []string
		for container := range containers(b.spec) {
			names = append(names, repository(container.Image))
		}
		return names
	}
	others := repositories(other)
	return slices.ContainsFunc(repositories(one), func(name string) bool { return slices.Contains(others, name) })
}

// repository cuts tag and digest off an image's name. A colon before the last
// slash belongs to the port of a registry.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		image = image[:colon]
	}
	return image
}

func declaresTarget(b *backend, target intstr.IntOrString) bool {
	for container := range containers(b.spec) {
		for i := range container.Ports {
			port := &container.Ports[i]
			if target.Type == intstr.Int && port.ContainerPort == target.IntVal ||
				target.Type == intstr.String && port.Name == target.StrVal {
				return true
			}
		}
	}
	return false
}

func declaresAny(b *backend) bool {
	for container := range containers(b.spec) {
		if len(container.Ports) > 0 {
			return true
		}
	}
	return false
}
