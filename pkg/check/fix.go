package check

import "fmt"

// patchPort is the fix that sets a field of a port: a command for a live
// service, otherwise what to change in its manifest.
func (x *subject) patchPort(i int, field string, value any) string {
	if !x.live {
		return fmt.Sprintf("set %s to %s", portField(i, field), jsonText(value))
	}
	patch := fmt.Sprintf(`[{"op":"add","path":"/spec/ports/%d/%s","value":%s}]`, i, field, jsonText(value))
	return x.kubectlPatch("json", patch)
}

// patchSpec is the fix that sets a field of the spec. A nil value removes it.
func (x *subject) patchSpec(field string, value any) string {
	if x.live {
		return x.kubectlPatch("merge", fmt.Sprintf(`{"spec":{%s:%s}}`, jsonText(field), jsonText(value)))
	}
	if value == nil {
		return "remove spec." + field
	}
	return fmt.Sprintf("set spec.%s to %s", field, jsonText(value))
}

// patchSelector is the fix that replaces the selector by other labels. A merge
// patch leaves keys that it does not name, so those that go are set to null.
func (x *subject) patchSelector(labels map[string]string) string {
	if !x.live {
		return "set spec.selector to " + jsonText(labels)
	}
	patch := make(map[string]*string, len(labels))
	for key := range x.service.Spec.Selector {
		patch[key] = nil
	}
	for key, value := range labels {
		patch[key] = &value
	}
	return x.patchSpec("selector", patch)
}

func (x *subject) kubectlPatch(kind, patch string) string {
	return fmt.Sprintf("kubectl patch service %s -n %s --type=%s -p %s",
		plain(x.ref.Name), plain(x.ref.Namespace), kind, shellQuote(patch))
}
