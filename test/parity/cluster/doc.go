// Package cluster plays the scenarios of Kubernetes' own tests of node ports,
// from outside a cluster whose node ports are served by kube-proxy in each of its
// modes and by the engine in its place: each must come out the same.
// docs/parity.md tells what is played, what differs and why.
package cluster
