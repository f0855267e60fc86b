package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// release is written by the linker into programs that are released: the
// version and the commit of its sources, as in "v0.1.0+1a2b3c4d". It is empty
// in others, which know these from the Go toolchain.
//
//nolint:gochecknoglobals // the linker can write nothing else
var release string

// versionOptions are what version does.
type versionOptions struct {
	*factory
	clientOnly bool
	wide       bool
	printer    printers.ResourcePrinter
}

func newVersionCmd(f *factory) *cobra.Command {
	output := newOutputFlags("", "wide")
	output.without = "name"
	o := &versionOptions{factory: f}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the versions of this program and of the API server",
		Long: `Show the versions of this program and of the API server.

The server is asked for 2 seconds at most; that it is not reached is shown, and
is no error.`,
		Example: `  # Both
  kubectl nodeport version

  # This program alone, with the libraries that it is made with
  kubectl nodeport version --client -o wide

  # For scripts
  kubectl nodeport version -o jsonpath={.client.version}`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.printer, err = output.printer(); err != nil {
				return usage(cmd, err)
			}
			o.wide = output.format() == "wide"
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&o.clientOnly, "client", false, "show the version of this program alone; ask no server")
	output.add(cmd)
	return cmd
}

func (o *versionOptions) run(ctx context.Context) error {
	info, _ := debug.ReadBuildInfo()
	versions := &render.Versions{Client: buildOf(info, release)}
	if !o.clientOnly {
		o.askServer(ctx, versions)
		if errors.Is(ctx.Err(), context.Canceled) {
			return ctx.Err()
		}
	}
	if o.printer == nil {
		return versions.Text(o.Out, o.wide)
	}
	object, err := versions.Object()
	if err != nil {
		return err
	}
	return o.printer.PrintObj(object, o.Out)
}

func (o *versionOptions) askServer(ctx context.Context, versions *render.Versions) {
	server, err := soon(ctx, func(ctx context.Context) (version.Info, error) {
		c, err := o.cluster()
		if err != nil {
			return version.Info{}, err
		}
		return c.Version(ctx)
	})
	if err != nil {
		versions.NotReached, _, _ = strings.Cut(o.explain(err), "; ") // what to do about it is no part of a version
		return
	}
	versions.Server = &render.ServerVersion{Version: server.GitVersion, Platform: server.Platform}
}

// buildOf is what is known of a program: from the linker, or else from the Go
// toolchain, which knows the version of "go install MODULE@VERSION" and the
// commit of a build in a clone.
func buildOf(info *debug.BuildInfo, release string) render.Build {
	build := render.Build{GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Version: "unknown"}
	if info != nil {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			build.Version = v
		}
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision":
				build.Commit = setting.Value
			case setting.Key == "vcs.modified" && setting.Value == "true":
				build.Modified = true
			}
		}
		build.Modules = modulesOf(info)
	}
	if release != "" {
		build.Version, build.Commit, _ = strings.Cut(release, "+")
		build.Modified = false
	}
	return build
}

// modulesOf are Kubernetes' libraries, which decide what an API server is
// understood to say.
func modulesOf(info *debug.BuildInfo) []render.Module {
	var modules []render.Module
	for _, dep := range info.Deps {
		if strings.HasPrefix(dep.Path, "k8s.io/") {
			modules = append(modules, render.Module{Path: dep.Path, Version: versionOf(dep)})
		}
	}
	slices.SortFunc(modules, func(a, b render.Module) int { return strings.Compare(a.Path, b.Path) })
	return modules
}

func versionOf(module *debug.Module) string {
	if module.Replace != nil {
		return fmt.Sprintf("%s => %s %s", module.Version, module.Replace.Path, module.Replace.Version)
	}
	return module.Version
}
