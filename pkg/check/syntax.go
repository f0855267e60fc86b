package check

import "fmt"

// The functions below say in our own words what the API machinery wants of a
// name that it does not take (k8s.io/apimachinery pkg/util/validation/validation.go):
// its words are made for programs, with regular expressions.

// labelSyntax is that of a DNS label, such as a service's or a port's name.
func labelSyntax(name string) string {
	return tooLongOr(name, 63, "it must be made of lower-case letters, digits and hyphens, and begin and end with a letter or digit")
}

// targetSyntax is that of a named target port, an IANA service name.
func targetSyntax(name string) string {
	return tooLongOr(name, 15, "it must be made of lower-case letters, digits and single hyphens, with at least one letter "+
		"and no hyphen at either end")
}

// valueSyntax is that of a label's value.
func valueSyntax(value string) string {
	return tooLongOr(value, 63, "it must be made of letters, digits, hyphens, dots and underscores, and begin and end with a letter or digit")
}

// qualifiedSyntax is that of a label's key and of an application protocol.
func qualifiedSyntax() string {
	return "it must be a name of at most 63 letters, digits, hyphens, dots and underscores, " +
		"or a DNS domain, one slash and such a name"
}

func tooLongOr(name string, most int, otherwise string) string {
	if len(name) > most {
		return fmt.Sprintf("it has %d characters, and only %d are allowed", len(name), most)
	}
	return otherwise
}
