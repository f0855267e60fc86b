package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// show prints what was asked for: some ports, free ones, or the whole range.
func (o *portsOptions) show(ledger *nodeport.Ledger, ports *render.Ports) error {
	switch {
	case o.free > 0:
		return o.showFree(ledger, ports)
	case o.suggest != "":
		return o.showSuggested(ledger, ports)
	case len(o.ports) > 0:
		return o.showAsked(ledger, ports)
	}
	return o.showRange(ports)
}

// showFree prints free ports, of the static band as long as there are any.
func (o *portsOptions) showFree(ledger *nodeport.Ledger, ports *render.Ports) error {
	free := ledger.Free(o.free)
	static := slices.DeleteFunc(slices.Clone(free), func(port int32) bool { return ledger.BandOf(port) != nodeport.Static })
	switch {
	case len(free) == 0:
		return fmt.Errorf("no node port of %s is free", ledger.Range)
	case len(free) < o.free:
		o.say("note: only %d of %d are free in %s", len(free), o.free, ledger.Range)
	}
	if len(static) < len(free) {
		o.say("note: %d of these are of the dynamic band, of which the API server may give one away before you use it: %s",
			len(free)-len(static), staticLeft(ledger, len(static)))
	}
	return o.showNumbers(ledger, ports, free)
}

// staticLeft says why ports come from the dynamic band.
func staticLeft(ledger *nodeport.Ledger, left int) string {
	static, _ := ledger.Range.Bands()
	switch {
	case static.Last == 0:
		return fmt.Sprintf("a range as small as %s has no static band", ledger.Range)
	case left == 0:
		return fmt.Sprintf("no port of the static band %s is free", static)
	}
	return fmt.Sprintf("the static band %s has only %d free", static, left)
}

func (o *portsOptions) showSuggested(ledger *nodeport.Ledger, ports *render.Ports) error {
	name := o.suggest
	if names, err := parseServices([]string{name}); err == nil && len(names) == 1 {
		name = names[0]
	}
	port, ok := ledger.Suggest(o.namespace, name)
	if !ok {
		return fmt.Errorf("no node port of %s is free", ledger.Range)
	}
	for _, use := range ports.Uses {
		if use.Kind == "Service" && use.Namespace == o.namespace && use.Name == name {
			o.say("note: %s has node port %d already", render.Safe("service "+use.Namespace+"/"+use.Name), use.Port)
			break
		}
	}
	if ledger.BandOf(port) == nodeport.Dynamic {
		o.say("note: %d is of the dynamic band, of which the API server may give it away before you use it: %s", port, staticLeft(ledger, 0))
	}
	return o.showNumbers(ledger, ports, []int32{port})
}

// showNumbers prints ports for people and scripts alike, one in a line.
func (o *portsOptions) showNumbers(ledger *nodeport.Ledger, ports *render.Ports, numbers []int32) error {
	if o.printer != nil {
		return o.printList(ledger, ports, numbers)
	}
	for _, port := range numbers {
		if _, err := fmt.Fprintln(o.Out, port); err != nil {
			return err
		}
	}
	return nil
}

func (o *portsOptions) printList(ledger *nodeport.Ledger, ports *render.Ports, numbers []int32) error {
	object, err := render.PortListObject(ports, numbers, ledger.BandOf)
	if err != nil {
		return err
	}
	return o.printer.PrintObj(object, o.Out)
}

// showAsked says of each port who has it, or that nobody does.
func (o *portsOptions) showAsked(ledger *nodeport.Ledger, ports *render.Ports) error {
	if o.printer != nil {
		return o.printList(ledger, ports, o.ports)
	}
	for _, port := range o.ports {
		if _, err := fmt.Fprintln(o.Out, sentence(ledger, ports, port)); err != nil {
			return err
		}
	}
	return nil
}

// sentence says who has a port, and where in the range it is.
func sentence(ledger *nodeport.Ledger, ports *render.Ports, port int32) string {
	static, dynamic := ledger.Range.Bands()
	where := "out of the node port range " + ledger.Range.String()
	band := ledger.BandOf(port)
	switch band {
	case nodeport.Static:
		where = fmt.Sprintf("in the static band %s, which is left to people", static)
	case nodeport.Dynamic:
		where = fmt.Sprintf("in the dynamic band %s, from which the API server draws", dynamic)
	}
	var holders []string
	for _, use := range ports.Of(port) {
		text := use.String()
		if use.At != "" {
			text += " (" + render.Safe(use.At) + ")"
		}
		holders = append(holders, text)
	}
	switch {
	case len(holders) > 0:
		return fmt.Sprintf("%d is taken by %s; it is %s", port, strings.Join(holders, " and "), where)
	case band == nodeport.Outside:
		return fmt.Sprintf("%d is %s", port, where)
	}
	return fmt.Sprintf("%d is free, %s", port, where)
}

// showRange prints the map, for people at a terminal, and the list.
func (o *portsOptions) showRange(ports *render.Ports) error {
	if o.printer != nil {
		object, err := render.PortsObject(ports)
		if err != nil {
			return err
		}
		return o.printer.PrintObj(object, o.Out)
	}
	listed := ports.Uses
	if o.only {
		listed = slices.DeleteFunc(slices.Clone(listed), func(use render.PortUse) bool { return use.Namespace != o.namespace })
	}
	if o.terminal.out && o.format == "" && !o.noHeaders {
		err := render.PortMap(o.Out, ports, render.MapOptions{Glyphs: o.terminal.glyphs, Color: o.terminal.color, Width: columns(o.Out)})
		if err != nil {
			return err
		}
		if len(listed) > 0 {
			fmt.Fprintln(o.Out)
		}
	}
	if len(listed) == 0 {
		o.say("%s", o.nobody())
		return nil
	}
	return render.PortTable(o.Out, listed, render.PortsOptions{
		TableOptions: render.TableOptions{Wide: o.format == "wide", Markdown: o.format == "markdown", NoHeaders: o.noHeaders},
		Glyphs:       o.terminal.glyphs,
	})
}

// nobody says that there is nothing to list.
func (o *portsOptions) nobody() string {
	switch {
	case o.only:
		return "Nobody in namespace " + render.Safe(o.namespace) + " has a node port."
	case o.files != nil:
		return "No manifest asks for a node port."
	}
	return "Nobody has a node port."
}
