package render

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

// portsObject is the object behind -o json of a range; portList that of some
// of its ports.
type portsObject struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Range      rangeObject  `json:"range"`
	Static     *bandObject  `json:"static,omitempty"`
	Dynamic    *bandObject  `json:"dynamic,omitempty"`
	Ports      []heldObject `json:"ports"`
}

type portList struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Range      rangeObject  `json:"range"`
	Ports      []heldObject `json:"ports"`
}

type rangeObject struct {
	First int32 `json:"first"`
	Last  int32 `json:"last"`
	// Assumed tells that the API server did not tell its range.
	Assumed bool `json:"assumed,omitempty"`
}

type bandObject struct {
	First int32 `json:"first"`
	Last  int32 `json:"last"`
	Used  int   `json:"used"`
	Free  int   `json:"free"`
}

type heldObject struct {
	NodePort int32          `json:"nodePort"`
	Band     string         `json:"band"`
	Free     bool           `json:"free"`
	Collides bool           `json:"collides"`
	Holders  []holderObject `json:"holders"`
}

type holderObject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	For       string `json:"for"`
	Port      string `json:"port,omitempty"`
	Protocol  string `json:"protocol"`
	Pods      int    `json:"pods,omitempty"`
	At        string `json:"at,omitempty"`
}

// PortsObject returns the whole range for -o json, yaml and the templates.
func PortsObject(p *Ports) (*unstructured.Unstructured, error) {
	object := portsObject{APIVersion: APIVersion, Kind: "NodePortRange", Range: newRangeObject(p.Range), Ports: []heldObject{}}
	static, dynamic := p.Range.Bands()
	if static.Last != 0 {
		object.Static = p.bandObject(static)
	}
	object.Dynamic = p.bandObject(dynamic)
	for i, use := range p.Uses {
		if i == 0 || p.Uses[i-1].Port != use.Port {
			object.Ports = append(object.Ports, p.heldObject(use.Port, use.Band))
		}
	}
	return toUnstructured(object)
}

// PortListObject returns some ports of a range, free ones too.
func PortListObject(p *Ports, ports []int32, bandOf func(int32) nodeport.Band) (*unstructured.Unstructured, error) {
	object := portList{APIVersion: APIVersion, Kind: "NodePortList", Range: newRangeObject(p.Range), Ports: []heldObject{}}
	for _, port := range ports {
		object.Ports = append(object.Ports, p.heldObject(port, bandOf(port)))
	}
	return toUnstructured(object)
}

func newRangeObject(r nodeport.Range) rangeObject { return rangeObject{r.First, r.Last, !r.Learned} }

func (p *Ports) bandObject(band nodeport.Range) *bandObject {
	used := p.Used(band)
	return &bandObject{band.First, band.Last, used, int(band.Size()) - used}
}

func (p *Ports) heldObject(port int32, band nodeport.Band) heldObject {
	object := heldObject{NodePort: port, Band: band.String(), Holders: []holderObject{}}
	for _, use := range p.Of(port) {
		object.Collides = object.Collides || use.Collides
		object.Holders = append(object.Holders, holderObject{
			Kind: use.Kind, Namespace: use.Namespace, Name: use.Name, For: use.For, Port: use.ServicePort,
			Protocol: use.Protocol, Pods: use.Pods, At: use.At,
		})
	}
	object.Free = len(object.Holders) == 0 && band != nodeport.Outside
	return object
}

// Of returns who has a port.
func (p *Ports) Of(port int32) []PortUse {
	var uses []PortUse
	for _, use := range p.Uses {
		if use.Port == port {
			uses = append(uses, use)
		}
	}
	return uses
}
