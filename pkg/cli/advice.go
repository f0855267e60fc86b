package cli

import (
	"net/url"
	"os"
	"runtime"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/platform"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// advise says which address works from here, where the cluster's nodes are
// those of a kind that a laptop often cannot reach.
func (f *factory) advise(table *route.Table, s *snapshot.Snapshot) {
	if len(table.Services) == 0 {
		return
	}
	service := &table.Services[0]
	port := &service.Ports[0]
	advice := platform.Detect(s.Nodes).Advice(f.client(), platform.Port{
		Namespace: service.Namespace,
		Service:   service.Name,
		Protocol:  corev1.Protocol(port.Protocol),
		Port:      int32(port.Port),
		NodePort:  int32(port.NodePort),
	})
	if advice.Text == "" || advice.Nodes == platform.Yes {
		return
	}
	f.say("note: %s", render.Safe(advice.Text))
	switch {
	case advice.Address != "":
		f.say("  try %s", render.Safe(render.URL(&route.Address{Host: advice.Address}, port)))
	case advice.Command != "":
		f.say("  try %s", render.Safe(advice.Command))
	}
}

// client is this machine, as far as it matters to what it can reach.
func (f *factory) client() platform.Client {
	client := platform.Client{OS: runtime.GOOS, WSL: onWSL()}
	if config, err := f.flags.ToRESTConfig(); err == nil {
		if server, err := url.Parse(config.Host); err == nil {
			client.Server = server.Hostname()
		}
	}
	return client
}

// onWSL reads the kernel's version; only Linux has the file.
func onWSL() bool {
	version, err := os.ReadFile("/proc/version")
	return err == nil && strings.Contains(strings.ToLower(string(version)), "microsoft")
}
