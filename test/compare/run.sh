#!/usr/bin/env bash
# Builds the tools, of the versions that go.mod and the line for kube-score name
# (its dependencies go with no others), starts a cluster of the tests, measures,
# and takes the cluster down. It needs what the cluster level of the tests
# needs, and curl and jq.
set -euo pipefail
cd "$(dirname "$0")"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
go build -o "$tools/" tool
GOBIN=$tools go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0
(cd ../.. && go build -o "$tools/" ./cmd/kubectl-nodeport ./test/rig)

id=$("$tools/rig" up -nodes 3 | sed -n 's/^rig \([^ ]*\) is up.*/\1/p')
trap '"$tools/rig" down -id "$id"; rm -rf "$tools"' EXIT
on_n3="$tools/rig host -id $id n3 nft"
export FENCE="$on_n3 -f $PWD/fence.nft" UNFENCE="$on_n3 delete table inet outside"
PATH=$tools:$PATH "$tools/rig" client -id "$id" ./measure.sh
