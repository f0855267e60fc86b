package author

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// nameAll gives every port a valid, unique name, as a service with several
// ports needs; a single port may have no name. Names that the user typed do not
// change: specs, if there are any, are what the ports were made from. The other
// names come from container ports, and several containers may use the same.
func nameAll(ports []corev1.ServicePort, specs []PortSpec) error {
	taken := make(map[string]corev1.Protocol, len(ports))
	for i, spec := range specs {
		if _, twice := taken[spec.Name]; twice {
			return fmt.Errorf("two ports are named %q; names must differ", spec.Name)
		}
		if spec.Name != "" {
			taken[spec.Name] = ports[i].Protocol
		}
	}
	for i := range ports {
		port := &ports[i]
		if i < len(specs) && specs[i].Name != "" {
			continue
		}
		port.Name = validPortName(port.Name)
		if port.Name == "" && len(ports) == 1 {
			return nil
		}
		port.Name = freeName(*port, taken)
		taken[port.Name] = port.Protocol
	}
	return nil
}

// freeName returns a name that is not taken: the port's own, or with its
// protocol if that differs, or with its number. A port without a name is called
// "tcp-82".
func freeName(port corev1.ServicePort, taken map[string]corev1.Protocol) string {
	protocol, number := strings.ToLower(string(port.Protocol)), strconv.Itoa(int(port.Port))
	candidates := []string{port.Name, port.Name + "-" + protocol, port.Name + "-" + number}
	if port.Name == "" {
		candidates = []string{protocol + "-" + number}
	} else if taken[port.Name] == port.Protocol {
		candidates[1] = candidates[2]
	}
	for _, name := range candidates {
		if _, ok := taken[name]; !ok {
			return name
		}
	}
	for n := 2; ; n++ {
		name := candidates[len(candidates)-1] + "-" + strconv.Itoa(n)
		if _, ok := taken[name]; !ok {
			return name
		}
	}
}

// validPortName turns the name of a container port into a valid name of a
// service port. Names from the API server are valid already; those from
// manifests may be anything.
func validPortName(name string) string {
	name = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	// The suffix of freeName must fit into the limit, too.
	const longest = validation.DNS1123LabelMaxLength - len("-sctp-65535")
	return strings.Trim(name[:min(len(name), longest)], "-")
}
