package manifest_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestServicesGetWhatTheAPIServerFillsIn(t *testing.T) {
	tests := []struct{ name, spec, want string }{
		{
			"a node port service",
			"{type: NodePort, clusterIP: 10.3.11.5, selector: {app: web}, ports: [{port: 82, nodePort: 30033}]}",
			`{"ports":[{"protocol":"TCP","port":82,"targetPort":82,"nodePort":30033}],"selector":{"app":"web"},"clusterIP":"10.3.11.5",` +
				`"clusterIPs":["10.3.11.5"],"type":"NodePort","sessionAffinity":"None","externalTrafficPolicy":"Cluster","ipFamilies":["IPv4"],` +
				`"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"}`,
		},
		{
			"a service of the default type has no external policy",
			"{clusterIP: 10.3.11.5, ports: [{port: 53, protocol: UDP, targetPort: dns}]}",
			`{"ports":[{"protocol":"UDP","port":53,"targetPort":"dns"}],"clusterIP":"10.3.11.5","clusterIPs":["10.3.11.5"],"type":"ClusterIP",` +
				`"sessionAffinity":"None","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"}`,
		},
		{
			"one with external addresses has",
			"{clusterIP: 10.3.11.5, externalIPs: [10.1.11.9]}",
			`{"clusterIP":"10.3.11.5","clusterIPs":["10.3.11.5"],"type":"ClusterIP","externalIPs":["10.1.11.9"],"sessionAffinity":"None",` +
				`"externalTrafficPolicy":"Cluster","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"}`,
		},
		{
			"affinity lasts three hours",
			"{clusterIP: 10.3.11.5, sessionAffinity: ClientIP}",
			`{"clusterIP":"10.3.11.5","clusterIPs":["10.3.11.5"],"type":"ClusterIP","sessionAffinity":"ClientIP",` +
				`"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":10800}},"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"}`,
		},
		{
			"what is given stays",
			"{type: NodePort, clusterIP: 10.3.11.5, sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 7}}, " +
				"externalTrafficPolicy: Local, internalTrafficPolicy: Local, ipFamilyPolicy: PreferDualStack}",
			`{"clusterIP":"10.3.11.5","clusterIPs":["10.3.11.5"],"type":"NodePort","sessionAffinity":"ClientIP","externalTrafficPolicy":"Local",` +
				`"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":7}},"ipFamilies":["IPv4"],"ipFamilyPolicy":"PreferDualStack","internalTrafficPolicy":"Local"}`,
		},
		{
			"a load balancer wants node ports",
			"{type: LoadBalancer, clusterIP: 'fd00:10:3::5'}",
			`{"clusterIP":"fd00:10:3::5","clusterIPs":["fd00:10:3::5"],"type":"LoadBalancer","sessionAffinity":"None","externalTrafficPolicy":"Cluster",` +
				`"ipFamilies":["IPv6"],"ipFamilyPolicy":"SingleStack","allocateLoadBalancerNodePorts":true,"internalTrafficPolicy":"Cluster"}`,
		},
		{
			"headless services get no address",
			"{clusterIP: None}",
			`{"clusterIP":"None","clusterIPs":["None"],"type":"ClusterIP","sessionAffinity":"None","ipFamilies":["IPv4"],` +
				`"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"}`,
		},
		{
			"external names get neither address nor family",
			"{type: ExternalName, externalName: web.example}",
			`{"type":"ExternalName","sessionAffinity":"None","externalName":"web.example"}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			spec := cluster(t, "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: "+test.spec+"\n").Services[0].Spec
			got, err := json.Marshal(spec)
			if err != nil || string(got) != test.want {
				t.Errorf("%v\ngot  %s\nwant %s", err, got, test.want)
			}
		})
	}
}

func TestSlicesOfManifestsGetTheirDefaults(t *testing.T) {
	s := cluster(t, `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.9.9.9]}]
ports: [{port: 300}]
`)
	port := s.Slices[0].Ports[0]
	if port.Name == nil || *port.Name != "" || port.Protocol == nil || *port.Protocol != "TCP" {
		t.Errorf("the port is %v", port)
	}
}

func TestContainerPortsGetTheirDefaults(t *testing.T) {
	s := cluster(t, strings.Replace(workload("apps/v1", "Deployment", "web", "replicas: 1"), "    spec:\n", "    spec:\n      hostNetwork: true\n", 1))
	for _, port := range append(s.Pods[0].Spec.Containers[0].Ports, s.Workloads[0].Template.Spec.Containers[0].Ports...) {
		if port.Protocol != "TCP" || port.HostPort != 300 {
			t.Errorf("the port is %v", port)
		}
	}
}
