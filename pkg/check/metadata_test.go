package check

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func calling(name string) *corev1.Service {
	return service(func(s *corev1.Service) { s.Name = name })
}

func selecting(labels map[string]string) *corev1.Service {
	return service(func(s *corev1.Service) { s.Spec.Selector = labels })
}

func metadataCases() []ruleCase {
	return []ruleCase{{
		id: "NP001", name: "63 characters are a name", service: calling(strings.Repeat("a", 63)),
	}, {
		id: "NP001", name: "64 characters are too long", service: calling(strings.Repeat("a", 64)),
		want: []string{"error metadata.name: " + strings.Repeat("a", 64) +
			" cannot be the name of a service: it has 64 characters, and only 63 are allowed"},
	}, {
		id: "NP001", name: "an underscore is refused", service: calling("my_web"),
		want: []string{`error metadata.name: my_web cannot be the name of a service: it must be made of lower-case letters, ` +
			`digits and hyphens, and begin and end with a letter or digit`},
	}, {
		id: "NP001", name: "a leading digit is refused by older API servers", service: calling("3scale"),
		want: []string{"info metadata.name: the name 3scale starts with a digit, which Kubernetes before 1.36 refuses for a service"},
	}, {
		id: "NP001", name: "no name", service: calling(""),
		want: []string{"error metadata.name: the service has no name"},
	}, {
		id: "NP001", name: "a name to be generated",
		service: service(func(s *corev1.Service) { s.Name, s.GenerateName = "", "web-" }),
	}, {
		id: "NP002", name: "a label with a domain", service: selecting(map[string]string{"app.kubernetes.io/name": "web"}),
	}, {
		id: "NP002", name: "an empty value", service: selecting(map[string]string{"canary": ""}),
	}, {
		id: "NP002", name: "a key with two slashes", service: selecting(map[string]string{"a/b/c": "web"}),
		want: []string{"error spec.selector: a/b/c cannot be the key of a label: it must be a name of at most 63 letters, digits, " +
			"hyphens, dots and underscores, or a DNS domain, one slash and such a name"},
	}, {
		id: "NP002", name: "a value with a space", service: selecting(map[string]string{"app": "my web"}),
		want: []string{`error spec.selector: "my web" cannot be the value of label app: it must be made of letters, digits, ` +
			`hyphens, dots and underscores, and begin and end with a letter or digit`},
	}, {
		id: "NP002", name: "a value too long", service: selecting(map[string]string{"app": strings.Repeat("a", 70)}),
		want: []string{"error spec.selector: " + strings.Repeat("a", 70) +
			" cannot be the value of label app: it has 70 characters, and only 63 are allowed"},
	}}
}
