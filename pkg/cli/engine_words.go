package cli

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
)

// engineText words for people what the engine met, in run and in forward alike,
// about a service as the command names it. It is empty for what both tell
// otherwise: that a port is open, or closed for a good reason.
func engineText(e engine.Event, service string) string {
	switch e.Kind {
	case engine.PortFailed:
		return fmt.Sprintf("warning: service %s: %s; it is tried again", service, portFailure(e))
	case engine.PortUnsupported:
		return fmt.Sprintf("warning: service %s: %s is not served: this machine does not support %s", service, e.Way.Address, e.Way.Protocol)
	case engine.PortForbidden:
		return fmt.Sprintf("warning: service %s: %s is not opened: only loopback addresses are", service, e.Way.Address)
	case engine.EndpointFailed:
		return fmt.Sprintf("warning: service %s: endpoint %s cannot be reached: %s", service, e.Endpoint, plainly(e.Err))
	case engine.EndpointRecovered:
		return fmt.Sprintf("note: service %s: endpoint %s is reached again", service, e.Endpoint)
	case engine.LimitReached:
		if e.Way.Service == "" { // it is a limit of all services
			return "warning: clients are turned away: " + plainly(e.Err)
		}
		return fmt.Sprintf("warning: service %s: clients are turned away: %s", service, plainly(e.Err))
	}
	return ""
}

// portFailure says why an address is not open.
func portFailure(e engine.Event) string {
	var held *engine.HeldError
	var clash *engine.ClashError
	if errors.As(e.Err, &held) || errors.As(e.Err, &clash) { // which name the address
		return plainly(e.Err)
	}
	return fmt.Sprintf("%s cannot be opened: %s", e.Way.Address, plainly(e.Err))
}

// plainly is an error without what package net adds to that of the system, such
// as "listen tcp4 127.0.0.1:80: bind".
func plainly(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), op.Error(), rootCause(op).Error())
}

// isTaken tells of a node port that another program has here.
func isTaken(e engine.Event) bool {
	var held *engine.HeldError
	return e.Kind == engine.PortFailed && !e.Way.Inside && errors.As(e.Err, &held)
}
