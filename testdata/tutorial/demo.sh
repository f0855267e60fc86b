#!/usr/bin/env bash
# A pod's manifest becomes a service, and the service's addresses: no cluster
# is asked. BIN is the built plugin.
set -euo pipefail
cd "$(dirname "$0")"
PLUGIN=$PWD/../../${BIN:-bin/kubectl-nodeport}

# No kubeconfig is read, whatever this machine has.
export KUBECONFIG=/dev/null

# show prints a command as it is typed with kubectl, and runs it.
show() {
	printf '\n$ kubectl nodeport %s\n' "$*"
	"$PLUGIN" "$@"
}

echo "# A pod that listens on ports 300 and 301:"
printf '\n$ cat pod.yaml\n'
cat pod.yaml

printf '\n# A service for it: node port 30033, service port 82, target port 300.\n'
show create -f pod.yaml --port 30033:82:300 --dry-run=client -o yaml

printf '\n# Where such a service is reached, on the nodes of nodes.yaml:\n'
show get web -f .

# On a terminal, get draws this picture itself.
if [ ! -t 1 ]; then
	"$PLUGIN" get web -f . -o jsonpath='{"\n"}client → node {.ports[0].addresses[0].hostPort} → service {.clusterIPs[0]}:{.ports[0].port} → pod {.ports[0].endpoints[0].address}{"\n"}'
fi
