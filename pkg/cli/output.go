package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// outputFlags are kubectl's -o and what goes with it, with formats of our own.
type outputFlags struct {
	print   *genericclioptions.PrintFlags
	own     []string
	without string // one of kubectl's formats that has no meaning here
	columns bool   // columns that the user chooses
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
	if flags.columns {
		return append(flags.withoutColumns(), "custom-columns", "custom-columns-file")
	}
	return flags.withoutColumns()
}

func (flags *outputFlags) withoutColumns() []string {
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
	if kind, spec, _ := strings.Cut(format, "="); flags.columns && slices.Contains([]string{"custom-columns", "custom-columns-file"}, kind) {
		return columnsPrinter(kind, spec)
	}
	printer, err := flags.print.ToPrinter()
	if format == flags.without {
		err = genericclioptions.NoCompatiblePrinterError{OutputFormat: &format}
	}
	if genericclioptions.IsNoCompatiblePrinterError(err) {
		return nil, fmt.Errorf("there is no output format %q; give one of %s", format, strings.Join(flags.formats(), ", "))
	}
	if err != nil {
		return nil, err
	}
	asJSON := *flags.print
	asJSON.OutputFormat = new("json")
	if setter := asJSON.TypeSetterPrinter; setter != nil { // it holds the printer that it was last asked for
		own := *setter
		asJSON.TypeSetterPrinter = &own
	}
	jsonPrinter, err := asJSON.ToPrinter()
	return render.SafePrinter(format, printer, jsonPrinter), err
}

// columnsLimit is the most that a file of columns may hold.
const columnsLimit = 1 << 20

// columnsPrinter is that of -o custom-columns=SPEC and custom-columns-file=FILE.
func columnsPrinter(kind, spec string) (printers.ResourcePrinter, error) {
	if kind != "custom-columns-file" || spec == "" {
		columns, err := render.ParseColumns(spec)
		return columns, err
	}
	text, err := manifest.ReadRegular(spec, columnsLimit)
	if err != nil {
		return nil, fmt.Errorf("error reading template %s, %w", spec, err)
	}
	columns, err := render.ParseColumnsFile(string(text))
	return columns, err
}
