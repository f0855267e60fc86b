#!/usr/bin/env bash
# A pod's manifest becomes a service, which is checked, run on this machine, and
# reached: no cluster is asked. BIN is the built plugin.
set -euo pipefail
cd "$(dirname "$0")"
PLUGIN=$PWD/../../${BIN:-bin/kubectl-nodeport}
pod=$PWD/pod.yaml

# No kubeconfig is read, whatever this machine has.
export KUBECONFIG=/dev/null

work=$(mktemp -d)
cd "$work"
cp "$pod" .
run=
finish() {
	if [ -n "$run" ]; then
		kill -INT "$run" 2>/dev/null || true
		wait "$run" || true
	fi
	cd / && rm -rf "$work"
}
trap finish EXIT

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
"$PLUGIN" create -f pod.yaml --port 30033:82:300 --dry-run=client -o yaml >service.yaml

printf '\n# Is it as it should be?\n'
show expose-check --static -f pod.yaml -f service.yaml

printf '\n# Run it on this machine, with a stand-in for the pod:\n'
printf '\n$ kubectl nodeport run -f pod.yaml -f service.yaml\n'
# An asynchronous command of a script ignores Ctrl-C unless it has a job of its own.
set -m
"$PLUGIN" run --name demo-$$ --cluster-ips=false -f pod.yaml -f service.yaml >out 2>&1 &
run=$!
set +m
until grep -q '^pods' out; do
	kill -0 "$run" 2>/dev/null || { cat out; exit 1; }
	sleep 0.1
done
cat out
grep -q '127.0.0.1:30033' out

printf '\n# The node port answers:\n'
printf '\n$ curl http://127.0.0.1:30033/\n'
exec 3<>/dev/tcp/127.0.0.1/30033
printf 'GET / HTTP/1.0\r\n\r\n' >&3
sed '1,/^\r*$/d' <&3
exec 3>&-
