package route

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// scheme guesses the URL scheme of a port: from its application protocol, or
// else the names of the port and of its target port, or else a well-known
// number. It is empty when the port does not look like HTTP.
func scheme(port *corev1.ServicePort) string {
	if port.Protocol != "" && port.Protocol != corev1.ProtocolTCP {
		return ""
	}
	if port.AppProtocol != nil {
		return schemeOfProtocol(*port.AppProtocol)
	}
	for _, name := range []string{port.Name, port.TargetPort.StrVal} {
		if scheme := schemeOfName(name); scheme != "" {
			return scheme
		}
	}
	if port.Name != "" {
		return "" // the name says that it is something else
	}
	return schemeOfNumber(port.Port)
}

// schemeOfProtocol knows the protocol names of Kubernetes and of IANA.
func schemeOfProtocol(appProtocol string) string {
	switch strings.ToLower(appProtocol) {
	case "http", "http2", "kubernetes.io/h2c", "kubernetes.io/ws", "ws", "grpc-web":
		return "http"
	case "https", "kubernetes.io/wss", "wss", "tls":
		return "https"
	}
	return ""
}

// schemeOfName looks at the parts of a name between hyphens: "https-admin" is
// https.
func schemeOfName(name string) string {
	words := strings.Split(strings.ToLower(name), "-")
	switch {
	case slices.Contains(words, "https"):
		return "https"
	case slices.Contains(words, "http"), slices.Contains(words, "http2"), slices.Contains(words, "web"):
		return "http"
	}
	return ""
}

func schemeOfNumber(port int32) string {
	switch port {
	case 80, 8000, 8080:
		return "http"
	case 443, 8443:
		return "https"
	}
	return ""
}

func portNumber(port int32) string { return strconv.Itoa(int(port)) }
