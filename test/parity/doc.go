// Package parity compares the engine with the real kube-proxy: both serve
// random services, and a client looks at what it gets from each. docs/parity.md
// tells what is compared, what differs and why.
package parity
