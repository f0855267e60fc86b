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

// knownTo returns the scenario without what kube-proxy of a version treats in
// another way: hints that it ignores by default, second endpoints with an address
// that another one has, and other target ports to which UDP flows would move.
func (s scenario) knownTo(v kubernetes.Version) scenario {
	s.Before, s.After = slices.Clone(s.Before), slices.Clone(s.After)
	for _, endpoints := range []*[]endpoint{&s.Before, &s.After} {
		for i := range *endpoints {
			e := &(*endpoints)[i]
			if kubernetes.PreferSame.Missing(v) {
				e.Nodes = nil
			}
			if kubernetes.TrafficDistribution.Missing(v) {
				e.Zones = nil
			}
			if s.Protocol == "UDP" && kubernetes.FlowsByPort.Missing(v) {
				e.Target = 0
			}
		}
		seen := map[[2]int]bool{}
		*endpoints = slices.DeleteFunc(*endpoints, func(e endpoint) bool {
			address := [2]int{e.Host, e.Target}
			again := seen[address]
			seen[address] = true
			return again && kubernetes.RunningEndpoint.Missing(v)
		})
	}
	return s
}
