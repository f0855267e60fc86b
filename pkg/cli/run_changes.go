package cli

import (
	"net/netip"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
)

// changeLines words changes, one line each; the addresses of one port share one.
func changeLines(events []local.Event) []string {
	var lines []string
	ports := map[string]int{}
	for _, e := range events {
		line := changeLine(e)
		if line == "" {
			continue
		}
		if e.Kind == local.Port && e.Engine.Endpoint == (netip.AddrPort{}) {
			if i, ok := ports[line]; ok {
				lines[i] += ", " + e.Engine.Way.Address.String()
				continue
			}
			ports[line] = len(lines)
			line += " " + e.Engine.Way.Address.String()
		}
		lines = append(lines, line)
	}
	return lines
}

func changeLine(e local.Event) string {
	object := strings.ToLower(e.Object.Kind) + " " + e.Object.Name
	switch e.Kind {
	case local.PodReady:
		return object + " is ready"
	case local.PodNotReady:
		if e.Message != "" {
			return object + " is not ready: " + e.Message
		}
		return object + " is not ready"
	case local.CommandStarted:
		return object + ": started " + e.Message
	case local.PodGone, local.ServiceGone:
		return object + " is gone"
	case local.ServiceAdded:
		return object + " is new"
	case local.ServiceChanged:
		return object + " has changed"
	case local.Port:
		return portLine(object, e.Engine)
	}
	return ""
}

// portLine words an event of the engine, without the address of a port.
func portLine(object string, e engine.Event) string {
	switch e.Kind {
	case engine.PortOpened:
		return object + " opened"
	case engine.PortClosed:
		return object + " closed (" + e.Reason + ")"
	case engine.EndpointRecovered:
		return engineText(e, e.Way.Service)
	}
	return ""
}
