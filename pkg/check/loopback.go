package check

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func loopbackRule() Rule {
	return Rule{
		ID: "NP216", Severity: Warning, Title: "application listens on the pod's loopback only", find: perPort(loopback),
		Explanation: "Traffic arrives at the pod's own address. An application that binds to 127.0.0.1 or localhost answers " +
			"kubectl port-forward, and refuses everybody else. It has to bind to 0.0.0.0 or ::.",
	}
}

// binding is an address that a container is told to listen on.
type binding struct {
	// by is where it is told: "--bind 127.0.0.1" or "HOST=localhost".
	by string
	// port is 0 where it is told elsewhere.
	port int32
}

// loopback trusts pods that pass a probe from outside of the pod more than
// what their arguments seem to say.
func loopback(x *subject, i int, port *corev1.ServicePort) []Finding {
	for j := range x.backends {
		backend := &x.backends[j]
		number := targetNumber(backend.spec, port)
		container := containerOf(backend.spec, number, port.Protocol)
		if container == nil || number == 0 || backend.pod != nil && serving(backend.pod) && x.live && probed(container, number) {
			continue
		}
		if found, ok := boundToLoopback(container, number); ok {
			return []Finding{{
				Object: backend.owner,
				Message: fmt.Sprintf("container %s of %s listens on loopback only (%s), so target port %d of %s refuses what comes from outside the pod",
					plain(container.Name), objectText(backend.owner), plainOption(found.by), number, x.portName(i)),
				Fix: fmt.Sprintf("have it listen on all addresses: %s", plainOption(everywhere(found.by))),
			}}
		}
	}
	return nil
}

// containerOf returns the container that serves a port: the one that declares
// it, or the only one there is.
func containerOf(spec *corev1.PodSpec, number int32, protocol corev1.Protocol) *corev1.Container {
	var only *corev1.Container
	n := 0
	for container := range containers(spec) {
		for i := range container.Ports {
			if container.Ports[i].ContainerPort == number && protocolOf(&container.Ports[i]) == protocol {
				return container
			}
		}
		only = container
		n++
	}
	if n != 1 {
		return nil
	}
	return only
}

// boundToLoopback tells whether all that a container is told to listen on for
// a port is loopback.
func boundToLoopback(container *corev1.Container, number int32) (binding, bool) {
	var found *binding
	for _, setting := range settings(container) {
		listens := binds(setting)
		if !listens && !(setting.from == option && slices.Contains(protocolOptions(), setting.name)) {
			continue
		}
		for _, address := range strings.FieldsFunc(setting.value, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
			host, port := splitAddress(address)
			if port != number && (port != 0 || !listens) {
				continue
			}
			if !isLoopback(host) {
				if isAddress(host) {
					return binding{}, false
				}
				continue
			}
			if found == nil || port == number && found.port == 0 {
				found = &binding{setting.text, port}
			}
		}
	}
	if found == nil {
		return binding{}, false
	}
	return *found, true
}

// isAddress tells an address, or the sign for all of them, from other words.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == "*" || host == "" || strings.Contains(host, "$(")
}

func isLoopback(host string) bool {
	if host == "localhost" || host == "ip6-localhost" || host == "localhost.localdomain" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// splitAddress reads "127.0.0.1:8080", "[::1]:80", "http://localhost:5000" and
// "tcp://127.0.0.1:1"; the port is 0 when there is none.
func splitAddress(address string) (host string, port int32) {
	address = strings.Trim(address, `"'`)
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		address = u.Host
	}
	host, digits, err := net.SplitHostPort(address)
	if err != nil {
		return strings.Trim(address, "[]"), 0
	}
	number, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return host, 0
	}
	return host, int32(number)
}

// everywhere writes an option with an address that all can reach.
func everywhere(option string) string {
	for _, name := range []string{"localhost", "127.0.0.1", "[::1]", "::1"} {
		if strings.Contains(option, name) {
			all := "0.0.0.0"
			if strings.Contains(name, ":") {
				all = strings.Replace(name, "::1", "::", 1)
			}
			return strings.ReplaceAll(option, name, all)
		}
	}
	return "0.0.0.0"
}

// plainOption quotes what could not be read otherwise.
func plainOption(option string) string {
	if strings.IndexFunc(option, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
		return strconv.Quote(option)
	}
	return option
}

// binds tells by its words an option that says where to listen, and not where
// something else is, or how the application is watched.
func binds(s setting) bool {
	name := strings.ToLower(s.name)
	if auxiliary(name) {
		return false
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-_.:/", r) })
	for _, word := range words {
		if slices.Contains([]string{"bind", "listen", "bindaddress", "listenaddress", "bindip", "listener", "listeners"}, word) {
			return true
		}
	}
	switch s.from {
	case variable:
		return slices.Contains(bindingVariables(), name)
	case option:
		return slices.Contains(bindingOptions(), strings.NewReplacer("_", "-", ".", "-").Replace(name))
	}
	return false
}

// bindingOptions are options by which servers are bound whose names say
// neither bind nor listen.
func bindingOptions() []string {
	return []string{
		"host", "ip", "addr", "address", "urls", "http-addr", "http-address", "http-host", "web-host", "web-addr",
		"server-address", "server-host", "server-addr", "quarkus-http-host", "micronaut-server-host",
	}
}

// protocolOptions are options that are named after what is spoken. They may
// mean anything, unless the value is an address with the very port.
func protocolOptions() []string {
	return []string{"http", "https", "tcp", "udp", "grpc", "web", "server"}
}

// bindingVariables are the same of the environment.
func bindingVariables() []string {
	return []string{
		"host", "hostname", "addr", "address", "http_addr", "http_address", "http_host", "web_host", "server_address",
		"aspnetcore_urls", "uvicorn_host", "flask_run_host", "hypercorn_host", "rocket_address", "gradio_server_name",
		"streamlit_server_address", "gf_server_http_addr", "quarkus_http_host", "micronaut_server_host", "ollama_host",
	}
}
