package render

import (
	"k8s.io/apimachinery/pkg/util/json"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// APIVersion is that of the objects behind -o json, yaml and jsonpath. Fields
// may be added to it; none is renamed or removed without a new version.
const APIVersion = "nodeport/v1"

const listKind = "NodePortServiceList"

// serviceList is the object behind -o json of several services.
type serviceList struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Items      []serviceObject `json:"items"`
}

type serviceObject struct {
	APIVersion             string       `json:"apiVersion"`
	Kind                   string       `json:"kind"`
	Metadata               metadata     `json:"metadata"`
	Type                   string       `json:"type"`
	ClusterIPs             []string     `json:"clusterIPs"`
	ExternalTrafficPolicy  string       `json:"externalTrafficPolicy"`
	InternalTrafficPolicy  string       `json:"internalTrafficPolicy"`
	SessionAffinitySeconds int          `json:"sessionAffinitySeconds,omitempty"`
	HealthCheckNodePort    uint16       `json:"healthCheckNodePort,omitempty"`
	Ports                  []portObject `json:"ports"`
}

type metadata struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type portObject struct {
	Name       string           `json:"name,omitempty"`
	Protocol   string           `json:"protocol"`
	NodePort   uint16           `json:"nodePort,omitempty"`
	Port       uint16           `json:"port"`
	TargetPort string           `json:"targetPort"`
	Ready      int              `json:"ready"`
	Total      int              `json:"total"`
	Endpoints  []endpointObject `json:"endpoints"`
	Addresses  []addressObject  `json:"addresses"`
}

type endpointObject struct {
	Address     string `json:"address"`
	Pod         string `json:"pod,omitempty"`
	Node        string `json:"node,omitempty"`
	Ready       bool   `json:"ready"`
	Serving     bool   `json:"serving"`
	Terminating bool   `json:"terminating"`
}

type addressObject struct {
	Node     string `json:"node"`
	Type     string `json:"type"`
	Address  string `json:"address"`
	HostPort string `json:"hostPort,omitempty"`
	URL      string `json:"url,omitempty"`
	Answers  bool   `json:"answers"`
	Reason   string `json:"reason,omitempty"`
}

// Object returns the table for -o json, yaml and the templates: the service
// itself when single is true and the table has one, or else a list.
func Object(table *route.Table, single bool) (*unstructured.Unstructured, error) {
	items := make([]serviceObject, len(table.Services))
	for i := range table.Services {
		items[i] = newServiceObject(table, &table.Services[i])
	}
	if single && len(items) == 1 {
		return toUnstructured(items[0])
	}
	return toUnstructured(serviceList{APIVersion: APIVersion, Kind: listKind, Items: items})
}

func toUnstructured(object any) (*unstructured.Unstructured, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{}
	return u, json.Unmarshal(data, &u.Object)
}

func newServiceObject(table *route.Table, service *route.Service) serviceObject {
	object := serviceObject{
		APIVersion:             APIVersion,
		Kind:                   "NodePortService",
		Metadata:               metadata{service.Namespace, service.Name},
		Type:                   service.Type,
		ClusterIPs:             []string{},
		ExternalTrafficPolicy:  policyName(service.ExternalLocal),
		InternalTrafficPolicy:  policyName(service.InternalLocal),
		SessionAffinitySeconds: int(service.Affinity.Seconds()),
		HealthCheckNodePort:    service.HealthCheckNodePort,
	}
	for _, ip := range service.ClusterIPs {
		object.ClusterIPs = append(object.ClusterIPs, ip.String())
	}
	for i := range service.Ports {
		object.Ports = append(object.Ports, newPortObject(table, service, &service.Ports[i]))
	}
	return object
}

func newPortObject(table *route.Table, service *route.Service, port *route.Port) portObject {
	object := portObject{
		Name:       port.Name,
		Protocol:   port.Protocol,
		NodePort:   port.NodePort,
		Port:       port.Port,
		TargetPort: port.Target,
		Ready:      port.ReadyEndpoints(),
		Total:      len(port.Endpoints),
		Endpoints:  []endpointObject{},
		Addresses:  []addressObject{},
	}
	for _, e := range port.Endpoints {
		object.Endpoints = append(object.Endpoints, endpointObject{
			Address: e.Address.String(), Pod: e.Pod, Node: e.Node,
			Ready: e.Ready, Serving: e.Serving, Terminating: e.Terminating,
		})
	}
	found := reach(table, service, port, 0)
	for _, way := range append(found.answering, found.silent...) {
		object.Addresses = append(object.Addresses, newAddressObject(way, port))
	}
	return object
}

func newAddressObject(way route.Route, port *route.Port) addressObject {
	object := addressObject{
		Node:    way.Node.Name,
		Type:    way.Address.Type,
		Address: way.Address.Host,
		Answers: way.Answers(),
		Reason:  way.Reason(),
	}
	if port.NodePort != 0 {
		object.HostPort = way.Address.HostPort(port.NodePort)
		object.URL = port.URL(way.Address)
	}
	return object
}

func policyName(local bool) string {
	if local {
		return "Local"
	}
	return "Cluster"
}
