package author

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// nameAll gives every port a valid name of its own, as a service of several
// ports needs; a single port may stay without. Names that the user typed stay
// as they are: specs, if there are any, are what the ports were made of. The
// other names are of container ports, and may be alike in several containers.
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

// freeName tells ports of one name apart by their protocol if that differs,
// else by their number. A port without a name is called "tcp-82".
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

// validPortName makes a container port's name one for a service's port. The
// API server only lets through those that are already; manifests may hold any.
func validPortName(name string) string {
	name = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	// The numbers that tell names apart need room within the limit too.
	const longest = validation.DNS1123LabelMaxLength - len("-sctp-65535")
	return strings.Trim(name[:min(len(name), longest)], "-")
}
