package parity

import (
	"os"
	"slices"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// kubeProxyVersion returns the version of the kube-proxy that the engine is
// compared with; zero for the pinned one.
func kubeProxyVersion() (kubernetes.Version, error) {
	if text := os.Getenv(rig.EnvKubernetes); text != "" {
		return kubernetes.ParseVersion(text)
	}
	return 0, nil
}

// withHintsOf returns the scenario without the hints that kube-proxy of a
// version ignores by default.
func (s scenario) withHintsOf(v kubernetes.Version) scenario {
	s.Before, s.After = slices.Clone(s.Before), slices.Clone(s.After)
	for _, endpoints := range [][]endpoint{s.Before, s.After} {
		for i := range endpoints {
			if kubernetes.PreferSame.Missing(v) {
				endpoints[i].Nodes = nil
			}
			if kubernetes.TrafficDistribution.Missing(v) {
				endpoints[i].Zones = nil
			}
		}
	}
	return s
}
