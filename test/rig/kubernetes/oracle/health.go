//go:build !before1.34

package main

import (
	"k8s.io/kubernetes/pkg/proxy/healthcheck"
)

func healthServer() *healthcheck.ProxyHealthServer {
	return healthcheck.NewProxyHealthServer(healthAddress, healthTimeout, nil)
}
