//go:build !before1.33

package main

import (
	"fmt"

	utiliptables "k8s.io/kubernetes/pkg/util/iptables"
)

// tables returns the iptables command of the node's family.
func (n node) tables() (utiliptables.Interface, error) {
	tables := utiliptables.NewBestEffort()[n.family()]
	if tables == nil {
		return nil, fmt.Errorf("no iptables for %s", n.family())
	}
	return tables, nil
}
