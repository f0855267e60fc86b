package cli

import (
	"context"
	"fmt"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
)

// parseKubernetesVersion parses the value of --kubernetes-version; empty is the
// zero version.
func parseKubernetesVersion(text string) (kubernetes.Version, error) {
	if text == "" {
		return 0, nil
	}
	version, err := kubernetes.ParseVersion(text)
	if err != nil {
		return 0, fmt.Errorf("--kubernetes-version: %w", err)
	}
	if version < kubernetes.Oldest || version > kubernetes.Newest {
		return 0, fmt.Errorf("--kubernetes-version: the differences of Kubernetes %s to %s are known, not those of %s",
			kubernetes.Oldest, kubernetes.Newest, version)
	}
	return version, nil
}

// learnVersion asks the API server for its version, unless a flag named one or
// it was asked before. A version that cannot be had stays unknown.
func (o *exposeCheckOptions) learnVersion(ctx context.Context, c *cluster.Cluster) {
	if o.kubernetes != 0 {
		return
	}
	if info, err := c.Version(ctx); err == nil {
		o.kubernetes, _ = kubernetes.ParseVersion(info.GitVersion)
	}
}
