package check

import "slices"

// Silent returns the ids of the rules that find less, or nothing, while a
// resource of the API such as "pods" cannot be read, sorted.
func Silent(resource string) []string {
	var ids []string
	for _, rule := range Rules() {
		if slices.Contains(rule.Needs(), resource) {
			ids = append(ids, rule.ID)
		}
	}
	return ids
}

// Needs returns the resources, beside services, that a rule looks at.
func (r Rule) Needs() []string {
	switch {
	case r.ID == "NP105":
		return []string{"pods"}
	case r.ID == "NP102":
		return []string{"services"}
	case r.ID == "NP202" || r.ID == "NP206":
		return []string{"pods", "deployments", "statefulsets", "daemonsets", "replicasets", "replicationcontrollers", "jobs"}
	case r.ID == "NP236":
		return nil // it is for those who cannot read pods
	case r.ID >= "NP302" && r.ID <= "NP305":
		return []string{"nodes/proxy"}
	case r.ID == "NP306":
		return []string{"pods/proxy", "pods/portforward"}
	case r.ID == "NP307" || r.ID == "NP308":
		return []string{"pods/proxy"}
	case r.ID >= "NP23" && r.ID < "NP24":
		return []string{"endpointslices"}
	case r.ID >= "NP24" && r.ID < "NP25":
		return []string{"networkpolicies", "pods"}
	case r.ID >= "NP2" && r.ID < "NP23":
		return []string{"pods"}
	case r.ID >= "NP4" && r.ID < "NP5":
		return []string{"nodes"}
	}
	return nil
}
