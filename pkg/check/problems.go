package check

// The ids of what is found in files before there is an object to check.
const (
	// NotReadable is a manifest that cannot be read, or says what its kind does not have.
	NotReadable = "NP901"
	// GivenTwice is an object that the manifests hold twice, with different contents.
	GivenTwice = "NP902"
	// NotAManifest is a file in a folder that is something else.
	NotAManifest = "NP903"
)

// fileRules are about the files, so whoever reads those makes their findings.
func fileRules() []Rule {
	none := func(*subject) []Finding { return nil }
	return []Rule{{
		ID: NotReadable, Severity: Error, Title: "manifest cannot be read", find: none,
		Explanation: "The file is no YAML or JSON, or an object in it is none that the API server would decode: a field is " +
			"unknown, given twice, or has a value of the wrong kind, such as a number in quotes. The other objects are " +
			"checked all the same.",
	}, {
		ID: GivenTwice, Severity: Warning, Title: "object is given twice", find: none,
		Explanation: "Two manifests hold an object of the same kind, namespace and name, and differ. Whichever is applied last " +
			"counts.",
	}, {
		ID: NotAManifest, Severity: Info, Title: "file is no manifest", find: none,
		Explanation: "A folder holds a file that has to be rendered first, such as a Helm template or a kustomization. It was " +
			"passed over.",
	}}
}

// RuleOf returns the rule of an id; ok is false for an id that none has.
func RuleOf(id string) (rule Rule, ok bool) {
	for _, rule := range Rules() {
		if rule.ID == id {
			return rule, true
		}
	}
	return Rule{}, false
}
