package rig_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestOracleMakesKubeProxysRules(t *testing.T) {
	const objects = `{"apiVersion": "v1", "kind": "List", "items": [
 {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "ns", "name": "web"}, "spec": {
  "type": "NodePort", "clusterIP": "10.3.11.5", "clusterIPs": ["10.3.11.5"], "ipFamilies": ["IPv4"],
  "externalTrafficPolicy": "Cluster", "sessionAffinity": "None",
  "ports": [{"name": "http", "protocol": "TCP", "port": 82, "targetPort": 300, "nodePort": 30033}]}},
 {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
  "metadata": {"namespace": "ns", "name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
  "ports": [{"name": "http", "protocol": "TCP", "port": 300}],
  "endpoints": [{"addresses": ["10.2.1.7"], "nodeName": "n1", "conditions": {"ready": true}}]}]}`
	oracle := rig.Oracle(t)
	for mode, list := range map[string]string{"nftables": "nft list table ip kube-proxy", "iptables": "iptables-save -t nat"} {
		script := fmt.Sprintf("ip link set lo up; ip addr add 192.0.2.1/32 dev lo; %s -mode %s 2>/dev/null && %s", oracle, mode, list)
		cmd := exec.CommandContext(t.Context(), "unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", script)
		cmd.Stdin = strings.NewReader(objects)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "10.2.1.7") || !strings.Contains(string(out), "30033") {
			t.Errorf("rules in mode %s: %v\n%s", mode, err, out)
		}
	}
}
