package render

import (
	"encoding/json"
	"io"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// reportObject is what -o json shows; docs/findings.md describes it.
type reportObject struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Summary    summaryObject   `json:"summary"`
	Findings   []findingObject `json:"findings"`
	Ignored    []ignoredObject `json:"ignored"`
	Services   []checkedObject `json:"services"`
	Gaps       []gapObject     `json:"gaps"`
	Settings   []settingObject `json:"settings"`
}

type summaryObject struct {
	Services int `json:"services"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Infos    int `json:"infos"`
	Ignored  int `json:"ignored"`
}

type settingObject struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	From    string `json:"from"`
	Refused string `json:"refused,omitempty"`
}

type findingObject struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Object   string `json:"object"`
	Service  string `json:"service,omitempty"`
	Message  string `json:"message"`
	Cause    string `json:"cause"`
	Fix      string `json:"fix,omitempty"`
	Field    string `json:"field,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Passing  bool   `json:"passing,omitempty"`
	// Confidence is how sure the cause is of what the network answered.
	Confidence string `json:"confidence,omitempty"`
	Docs       string `json:"docs"`
}

type ignoredObject struct {
	findingObject
	Reason string `json:"reason"`
	By     string `json:"by"`
}

type checkedObject struct {
	Object string        `json:"object"`
	Type   string        `json:"type,omitempty"`
	Ports  []checkedPort `json:"ports"`
}

type checkedPort struct {
	Name       string           `json:"name,omitempty"`
	Protocol   string           `json:"protocol"`
	NodePort   uint16           `json:"nodePort,omitempty"`
	Port       uint16           `json:"port"`
	TargetPort string           `json:"targetPort"`
	Ready      int              `json:"ready"`
	Total      int              `json:"total"`
	Endpoints  []endpointObject `json:"endpoints"`
	Hops       *hopsObject      `json:"hops,omitempty"`
}

type gapObject struct {
	Resource  string   `json:"resource"`
	Namespace string   `json:"namespace,omitempty"`
	Reason    string   `json:"reason"`
	Rules     []string `json:"rules"`
}

// JSON writes a report for programs.
func JSON(w io.Writer, r *Report) error {
	encoder := json.NewEncoder(EscapeJSON(w))
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	return encoder.Encode(newReportObject(r))
}

// YAML writes the same as JSON does.
func YAML(w io.Writer, r *Report) error {
	return writeYAML(w, newReportObject(r))
}

func newReportObject(r *Report) reportObject {
	object := reportObject{
		APIVersion: APIVersion,
		Kind:       "ExposeCheck",
		Summary: summaryObject{
			Services: len(r.Services), Errors: r.count(check.Error), Warnings: r.count(check.Warning),
			Infos: r.count(check.Info), Ignored: len(r.Ignored),
		},
		Findings: []findingObject{},
		Ignored:  []ignoredObject{},
		Services: []checkedObject{},
		Gaps:     []gapObject{},
		Settings: []settingObject{},
	}
	for _, finding := range r.Findings {
		object.Findings = append(object.Findings, newFindingObject(finding))
	}
	for _, ignored := range r.Ignored {
		object.Ignored = append(object.Ignored, ignoredObject{
			newFindingObject(ignored.Finding), ignored.Ignore.Reason, ignored.Ignore.By,
		})
	}
	for _, ref := range r.Services {
		object.Services = append(object.Services, newCheckedObject(r, ref))
	}
	for _, gap := range r.Gaps {
		object.Gaps = append(object.Gaps, gapObject{gap.Resource, gap.Namespace, gap.Reason, append([]string{}, gap.Rules...)})
	}
	for _, setting := range r.Settings {
		object.Settings = append(object.Settings, settingObject(setting))
	}
	return object
}

func newFindingObject(f check.Finding) findingObject {
	return findingObject{
		ID:         f.ID,
		Severity:   f.Severity.String(),
		Object:     refText(f.Object),
		Service:    refText(f.Service),
		Message:    f.Message,
		Cause:      title(f.ID),
		Fix:        f.Fix,
		Field:      f.Field,
		File:       f.Position.File,
		Line:       f.Position.Line,
		Column:     f.Position.Column,
		Passing:    f.Passing,
		Confidence: f.Confidence,
		Docs:       DocsOf(f.ID),
	}
}

// refText is empty for what was found before there was an object.
func refText(ref snapshot.Ref) string {
	if ref == (snapshot.Ref{}) {
		return ""
	}
	return ref.String()
}

func newCheckedObject(r *Report, ref snapshot.Ref) checkedObject {
	object := checkedObject{Object: ref.String(), Ports: []checkedPort{}}
	service := r.Table.Service(ref.Namespace, ref.Name)
	if service == nil {
		return object
	}
	object.Type = service.Type
	for i := range service.Ports {
		port := &service.Ports[i]
		checked := checkedPort{
			Name: port.Name, Protocol: port.Protocol, NodePort: port.NodePort, Port: port.Port, TargetPort: port.Target,
			Ready: port.ReadyEndpoints(), Total: len(port.Endpoints), Endpoints: []endpointObject{},
			Hops: newHopsObject(r.walkOf(ref, port)),
		}
		for _, e := range port.Endpoints {
			checked.Endpoints = append(checked.Endpoints, endpointObject{
				Address: e.Address.String(), Pod: e.Pod, Node: e.Node, Ready: e.Ready, Serving: e.Serving, Terminating: e.Terminating,
			})
		}
		object.Ports = append(object.Ports, checked)
	}
	return object
}

// DocsOf is the page that explains a finding.
func DocsOf(id string) string {
	return "https://github.com/kubectl-nodeport/kubectl-nodeport/blob/main/docs/checks.md#" + id
}
