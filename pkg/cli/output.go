package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/kubernetes/scheme"
)

// outputFlags are kubectl's -o and what goes with it, with formats of our own.
type outputFlags struct {
	print   *genericclioptions.PrintFlags
	own     []string
	without string // one of kubectl's formats that has no meaning here
}

// newOutputFlags allows kubectl's formats and own ones. The operation, such
// as "created", is what a command without -o says of an object.
func newOutputFlags(operation string, own ...string) outputFlags {
	return outputFlags{print: genericclioptions.NewPrintFlags(operation).WithTypeSetter(scheme.Scheme), own: own}
}

func (flags *outputFlags) add(cmd *cobra.Command) {
	flags.print.AddFlags(cmd)
	cmd.Flags().Lookup("output").Usage = "output format: " + strings.Join(flags.formats(), ", ")
}

func (flags *outputFlags) formats() []string {
	return slices.DeleteFunc(append(slices.Clone(flags.own), flags.print.AllowedFormats()...), func(format string) bool {
		return format == flags.without
	})
}

// format is what the user typed; empty for a person to read.
func (flags *outputFlags) format() string { return *flags.print.OutputFormat }

// printer is that of one of kubectl's formats; nil for no format and for our
// own ones.
func (flags *outputFlags) printer() (printers.ResourcePrinter, error) {
	format := flags.format()
	if format == "" || slices.Contains(flags.own, format) {
		return nil, nil
	}
	printer, err := flags.print.ToPrinter()
	if format == flags.without {
		err = genericclioptions.NoCompatiblePrinterError{OutputFormat: &format}
	}
	if genericclioptions.IsNoCompatiblePrinterError(err) {
		return nil, fmt.Errorf("there is no output format %q; give one of %s", format, strings.Join(flags.formats(), ", "))
	}
	return printer, err
}
