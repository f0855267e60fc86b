package author

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// ParseAppProtocols parses application protocols of the form [NAME=]PROTOCOL:
// "http" for the only port, or "admin=kubernetes.io/h2c". The result is by port
// name, as Options.AppProtocols wants it.
func ParseAppProtocols(list []string) (map[string]string, error) {
	protocols := make(map[string]string, len(list))
	for _, s := range list {
		name, protocol, found := strings.Cut(s, "=")
		if !found {
			name, protocol = "", s
		}
		if problems := validation.IsQualifiedName(protocol); len(problems) > 0 {
			return nil, fmt.Errorf("application protocol %q: %s", s, problems[0])
		}
		if _, twice := protocols[name]; twice {
			return nil, fmt.Errorf("application protocol %q: the port has another one already", s)
		}
		protocols[name] = protocol
	}
	return protocols, nil
}

// setAppProtocols sets the application protocols of the ports that they name.
func setAppProtocols(ports []corev1.ServicePort, protocols map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(protocols)) {
		protocol := protocols[name]
		i := slices.IndexFunc(ports, func(port corev1.ServicePort) bool { return port.Name == name })
		switch {
		case name == "" && len(ports) == 1:
			i = 0
		case name == "":
			return fmt.Errorf("application protocol %q does not name one of the ports %s; write NAME=%s",
				protocol, portNames(ports), protocol)
		case i < 0:
			return fmt.Errorf("application protocol %q: no port has that name; the ports are %s", name+"="+protocol, portNames(ports))
		}
		ports[i].AppProtocol = &protocol
	}
	return nil
}

// portNames lists the names of a service's ports for a message.
func portNames(ports []corev1.ServicePort) string {
	names := make([]string, len(ports))
	for i, port := range ports {
		names[i] = fmt.Sprintf("%q", port.Name)
	}
	return strings.Join(names, ", ")
}
