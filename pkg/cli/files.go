package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

// fileFlags say which manifests a command works on.
type fileFlags struct {
	paths     []string
	recursive bool
}

func (flags *fileFlags) add(cmd *cobra.Command, usage string) {
	cmd.Flags().StringSliceVarP(&flags.paths, "filename", "f", nil, usage+" (file, folder, URL, or - for standard input)")
	cmd.Flags().BoolVarP(&flags.recursive, "recursive", "R", false, "read the folders inside of folders given by -f, too")
}

// given tells that the command works on manifests.
func (flags *fileFlags) given() bool { return len(flags.paths) > 0 }

// read reads the manifests. An unfinished set is no use to a command that
// writes, so any problem is an error.
func (flags *fileFlags) read(ctx context.Context, f *factory) (*manifest.Set, error) {
	set, err := manifest.Read(ctx, manifest.Source{Paths: flags.paths, Recursive: flags.recursive, Stdin: f.In})
	if err != nil {
		return nil, err
	}
	for _, warning := range set.Warnings {
		f.warn(warning.Error())
	}
	return set, nil
}
