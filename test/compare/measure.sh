#!/usr/bin/env bash
# Prints what each tool says of the services of faults.yaml, as the table of
# docs/comparison.md. It runs on the client host of a cluster of the tests with
# three nodes ("make compare" starts one), with the tools on PATH; FENCE and
# UNFENCE are commands that put a firewall before node port 30047 of n3, and
# take it away.
set -euo pipefail
cd "$(dirname "$0")"
nodes=(10.1.11.4 10.1.11.5 10.1.11.6)
services=(healthy typo wrong-port wrong-name loopback unready local fenced)

work=$(mktemp -d)
cp "$KUBECONFIG" "$work/kubeconfig"
export KUBECONFIG=$work/kubeconfig KUBECACHEDIR=$work/cache
trap '$UNFENCE; kubectl delete namespace compare --wait=false >"$work/log"; rm -rf "$work"' EXIT

kubectl create namespace compare >"$work/log"
kubectl config set-context --current --namespace=compare >"$work/log"
kubectl apply -f faults.yaml >"$work/log"
kubectl rollout status deployment/healthy deployment/loopback --timeout=90s >"$work/log"

# answers says at how many nodes the node port of a service answers.
answers() {
	local port count=0
	port=$(kubectl get service "$1" -o 'jsonpath={.spec.ports[0].nodePort}')
	for node in "${nodes[@]}"; do
		if curl -s -o "$work/answer" --max-time 3 "http://$node:$port/"; then count=$((count + 1)); fi
	done
	echo "$count of ${#nodes[@]}"
}

# forward says what comes back through kubectl port-forward to the service.
forward() {
	kubectl port-forward "service/$1" 18082:82 >"$work/forward" 2>&1 &
	local pid=$! said=""
	for _ in $(seq 100); do
		if grep -q Forwarding "$work/forward"; then
			if curl -s -o "$work/answer" --max-time 5 http://127.0.0.1:18082/; then said="answers"; else said="connects, no answer"; fi
			break
		fi
		kill -0 $pid 2>"$work/log" || break
		sleep 0.1
	done
	if [ -z "$said" ] && kill -0 $pid 2>"$work/log"; then said="waits for a pod"; fi
	{ kill $pid; wait $pid; } 2>"$work/log" || true
	echo "${said:-$(sed -n '1s/[^:]*: //p' "$work/forward" | cut -c 1-60)}"
}

# The nodes are up to date when the service without a fault answers everywhere.
until [ "$(answers healthy)" = "3 of 3" ] && [ "$(answers fenced)" = "3 of 3" ]; do :; done
$FENCE

# The scanners' names of what they find, warnings and worse.
HOME=$work popeye -n compare -s svc -o json >"$work/popeye.json" || true
kube-score score --output-format json faults.yaml >"$work/score.json" || true
kubectl nodeport expose-check -o json >"$work/check.json" || true
popeye_of() {
	jq -r --arg s "compare/$1" '[.popeye.sections[].issues[$s][]? | select(.level >= 2) | .message | capture("\\[(?<id>[^]]+)\\]").id] | unique | join(" ")' "$work/popeye.json"
}
score_of() {
	jq -r --arg s "$1" '[.[] | select(.type_meta.kind == "Service" and .object_meta.name == $s) | .checks[] | select(.grade <= 5 and .skipped != true) | .check.id] | join(" ")' "$work/score.json"
}
check_of() {
	jq -r --arg s "Service/compare/$1" '[.findings[] | select(.service == $s) | .id] | unique | join(" ")' "$work/check.json"
}

echo '| service | node port answers at | `kubectl apply` | `kubectl port-forward` | popeye | kube-score | `kubectl nodeport expose-check` |'
echo '|---|---|---|---|---|---|---|'
for s in "${services[@]}"; do
	echo "| $s | $(answers "$s") nodes | created | $(forward "$s") | $(popeye_of "$s") | $(score_of "$s") | $(check_of "$s") |"
done

# What krelay needs in the cluster before it forwards; its program is "client".
timeout 10 client service/healthy 18083:82 >"$work/krelay" 2>&1 || true
echo
echo 'krelay made:'
kubectl get jobs -A -o 'jsonpath={range .items[?(@.spec.template.spec.containers[0].name=="krelay-server")]}{.kind} {.metadata.namespace}/{.metadata.name}, image {.spec.template.spec.containers[0].image}{"\n"}{end}'
