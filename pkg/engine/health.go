package engine

import (
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// health is what a health check node port says of a node.
type health struct{ local int }

func (h *health) same(other *health) bool {
	return h == other || h != nil && other != nil && *h == *other
}

// addHealthCheck opens the service's health check node port on all nodes.
func (s *plannedService) addHealthCheck(table *route.Table) {
	if s.service.HealthCheckNodePort == 0 || s.service.Ignored != "" || !s.service.ExternalLocal {
		return
	}
	for i := range table.Nodes {
		node := &table.Nodes[i]
		for _, address := range node.Addresses {
			if !address.IP.IsValid() || !s.service.Has(route.FamilyOf(address.IP)) {
				continue
			}
			way := Way{
				Namespace: s.service.Namespace, Service: s.service.Name, Protocol: "TCP", HealthCheck: true,
				NodePort: s.service.HealthCheckNodePort, Node: node.Name,
				Address: netip.AddrPortFrom(address.IP, cmp.Or(s.service.HealthCheckOpened, s.service.HealthCheckNodePort)),
			}
			local := localEndpoints(s.service, node.Name, route.FamilyOf(address.IP))
			s.bindings = append(s.bindings, &binding{way: way, health: &health{local}})
		}
	}
}

// localEndpoints counts the pods of a node that are ready for any of the
// service's ports (k8s.io/kubernetes pkg/proxy/endpointschangetracker.go,
// LocalReadyEndpoints).
func localEndpoints(service *route.Service, node string, family route.Family) int {
	pods := map[netip.Addr]struct{}{}
	for i := range service.Ports {
		for j := range service.Ports[i].Endpoints {
			e := &service.Ports[i].Endpoints[j]
			if e.Ready && e.Node == node && route.FamilyOf(e.Address.Addr()) == family {
				pods[e.Address.Addr()] = struct{}{}
			}
		}
	}
	return len(pods)
}

// healthServer answers at a health check node port.
type healthServer struct {
	binding atomic.Pointer[binding]
	stop    func()
}

func (e *Engine) serveHealth(b *binding) (server, error) {
	listener, err := listenTCP(b)
	if err != nil {
		return nil, err
	}
	s := &healthServer{}
	s.binding.Store(b)
	s.stop = serveHTTP(listener, s, e.healthClients)
	return s, nil
}

func (s *healthServer) update(b *binding) { s.binding.Store(b) }

func (s *healthServer) close() { s.stop() }

// ServeHTTP answers as kube-proxy does, which has the answer from
// k8s.io/kubernetes pkg/proxy/healthcheck/service_health.go, ServeHTTP.
func (s *healthServer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	b := s.binding.Load()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("X-Load-Balancing-Endpoint-Weight", strconv.Itoa(b.health.local))
	if b.health.local == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = fmt.Fprintf(w, "{\n\t\"service\": {\n\t\t\"namespace\": %q,\n\t\t\"name\": %q\n\t},\n\t\"localEndpoints\": %d,\n\t\"serviceProxyHealthy\": true\n}",
		b.way.Namespace, b.way.Service, b.health.local)
}
