//go:build before1.33

package main

import (
	"k8s.io/kubernetes/pkg/proxy/healthcheck"
)

func healthServer() *healthcheck.ProxierHealthServer {
	return healthcheck.NewProxierHealthServer(healthAddress, healthTimeout)
}
