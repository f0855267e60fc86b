package author

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

// maxPort is the highest port number.
const maxPort = 65535

// PortSpec is a port as the user asks for it. Zero fields are taken from the
// pod's declared ports.
type PortSpec struct {
	// Name is the service port's name.
	Name string
	// NodePort is open on every node; with zero the API server allocates one.
	NodePort int32
	// Port is open on the service's cluster IP; zero means the target's number.
	Port int32
	// Target is the pod's port, a number or a name.
	Target intstr.IntOrString
	// Protocol is TCP, UDP or SCTP. Empty means the protocol of the declared
	// port, and TCP if the port is declared with several protocols or not at all.
	Protocol corev1.Protocol
}

// ParsePort parses [NAME=][[NODEPORT:]PORT:]TARGETPORT[/PROTOCOL]. The numbers
// are in the order of the packet's path.
func ParsePort(s string) (PortSpec, error) {
	spec, err := parsePort(s)
	if err != nil {
		return PortSpec{}, fmt.Errorf("port %q: %w", s, err)
	}
	return spec, nil
}

func parsePort(s string) (spec PortSpec, err error) {
	if name, rest, found := strings.Cut(s, "="); found {
		if spec.Name, err = parsePortName(name); err != nil {
			return spec, err
		}
		s = rest
	}
	if rest, protocol, found := strings.Cut(s, "/"); found {
		if spec.Protocol, err = parseProtocol(protocol); err != nil {
			return spec, err
		}
		s = rest
	}
	numbers := strings.Split(s, ":")
	switch len(numbers) {
	case 3:
		if spec.NodePort, err = parseNumber("node port", numbers[0]); err != nil {
			return spec, err
		}
		fallthrough
	case 2:
		if spec.Port, err = parseNumber("service port", numbers[len(numbers)-2]); err != nil {
			return spec, err
		}
		fallthrough
	case 1:
		spec.Target, err = parseTarget(numbers[len(numbers)-1])
		return spec, err
	}
	return spec, errors.New("it has more parts than NODEPORT:PORT:TARGETPORT")
}

// String writes the spec as ParsePort reads it.
func (p PortSpec) String() string {
	var s strings.Builder
	if p.Name != "" {
		s.WriteString(p.Name + "=")
	}
	if p.NodePort != 0 {
		fmt.Fprintf(&s, "%d:", p.NodePort)
	}
	if p.NodePort != 0 || p.Port != 0 {
		fmt.Fprintf(&s, "%d:", p.Port)
	}
	s.WriteString(p.Target.String())
	if p.Protocol != "" {
		s.WriteString("/" + string(p.Protocol))
	}
	return s.String()
}

func parsePortName(s string) (string, error) {
	if s == "" {
		return "", errors.New(`the name before "=" is missing`)
	}
	if len(validation.IsDNS1123Label(s)) > 0 {
		return "", fmt.Errorf("name %q is not valid: use at most %d lower-case letters, digits and '-', "+
			"and begin and end with a letter or digit", s, validation.DNS1123LabelMaxLength)
	}
	return s, nil
}

func parseProtocol(s string) (corev1.Protocol, error) {
	if s == "" {
		return "", errors.New(`the protocol after "/" is missing`)
	}
	return parseWord("protocol", s, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
}

// parseTarget parses the target port: digits are a number, all else is a name.
func parseTarget(s string) (intstr.IntOrString, error) {
	const what = "target port"
	if strings.Trim(s, "0123456789") == "" {
		number, err := parseNumber(what, s)
		return intstr.FromInt32(number), err
	}
	if problems := validation.IsValidPortName(s); len(problems) > 0 {
		return intstr.IntOrString{}, fmt.Errorf("%s %q is neither a number between 1 and %d nor the name of a container port, "+
			"which %s", what, s, maxPort, problems[0])
	}
	return intstr.FromString(s), nil
}

func parseNumber(what, s string) (int32, error) {
	if s == "" {
		return 0, fmt.Errorf("the %s is missing", what)
	}
	if strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("%s %q is not a number between 1 and %d", what, s, maxPort)
	}
	number, err := strconv.ParseUint(s, 10, 16)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("%s %s is not between 1 and %d", what, s, maxPort)
	}
	return int32(number), nil
}
