package rig

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/assets"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// nodeFiles returns what makes each of a node's configuration files.
func nodeFiles() map[string]func(*Node) ([]byte, error) {
	return map[string]func(*Node) ([]byte, error){
		"containerd.toml":     (*Node).containerdConfig,
		"cni/10-rig.conflist": (*Node).cniConfig,
		"kubelet.yaml":        (*Node).kubeletConfig,
		"kube-proxy.yaml":     (*Node).kubeProxyConfig,
	}
}

// containerdConfig restricts oom_score_adj: where root lacks CAP_SYS_RESOURCE it
// may not lower it, and runc would die of that.
func (n *Node) containerdConfig() ([]byte, error) {
	bin, err := cniBin()
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `version = 2
root = %q
state = %q
[grpc]
  address = %q
[ttrpc]
  address = %q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %q
    conf_dir = %q
`, n.data()+"/containerd", n.run(), n.socket(), n.socket()+".ttrpc",
		assets.ImageName("pause"), bin, n.dir()+"/cni"), nil
}

// cniBin returns the directory of the CNI plugins: Debian's or the usual one.
func cniBin() (string, error) {
	for _, dir := range []string{"/usr/lib/cni", "/opt/cni/bin"} {
		if _, err := os.Stat(filepath.Join(dir, "bridge")); err == nil {
			return dir, nil
		}
	}
	return "", os.ErrNotExist
}

func (n *Node) cniConfig() ([]byte, error) {
	type object = map[string]any
	ranges := [][]object{{{"subnet": podSubnet(n.number)}}}
	routes := []object{{"dst": "0.0.0.0/0"}}
	if n.cluster.Options.DualStack {
		ranges = append(ranges, []object{{"subnet": podSubnet6(n.number)}})
		routes = append(routes, object{"dst": "::/0"})
	}
	return json.MarshalIndent(object{
		"cniVersion": "0.4.0",
		"name":       "rig",
		"plugins": []object{
			{
				"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
				"ipam": object{"type": "host-local", "dataDir": n.data() + "/ipam", "ranges": ranges, "routes": routes},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	}, "", "  ")
}

// kubeletConfig has the kubelet report often, so that tests notice a stopped
// node soon, and never evict: the machine's disk is not the test's.
func (n *Node) kubeletConfig() ([]byte, error) {
	data := n.data()
	return fmt.Appendf(nil, `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: %q
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupRoot: /%s
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix://%s
healthzBindAddress: 127.0.0.1
nodeLeaseDurationSeconds: 10
evictionHard: {nodefs.available: "0%%", memory.available: "1Mi", imagefs.available: "0%%", nodefs.inodesFree: "0%%"}
imageGCHighThresholdPercent: 100
maxPods: 250
resolvConf: ""
volumePluginDir: %s/volumeplugins
podLogsDir: %s/podlogs
`, n.addrs[0], n.podsCgroup(), n.socket(), data, data), nil
}

func (n *Node) kubeProxyConfig() ([]byte, error) {
	o := n.cluster.Options
	pods := podNet
	if o.DualStack {
		pods += "," + podNet6
	}
	return fmt.Appendf(nil, `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: %s
clientConnection: {kubeconfig: %s}
hostnameOverride: %s
clusterCIDR: %q
conntrack: {maxPerCore: 0}
healthzBindAddress: 0.0.0.0:10256
%s
`, o.Mode, n.cluster.kubeconfig, n.name, pods, o.KubeProxy), nil
}

func joinAddrs(addrs []netip.Addr) string {
	var texts []string
	for _, a := range addrs {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, ",")
}

// netns returns the path of a host's network namespace, good outside the rig.
func netns(parent process.Identity, host string) string {
	return fmt.Sprintf("/proc/%d/root%s/%s", parent.Pid, process.HostDir, host)
}
