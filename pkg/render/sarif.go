package render

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
)

// The parts of a SARIF 2.1.0 log that a report needs
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool       sarifTool     `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID                   string             `json:"id"`
	ShortDescription     sarifText          `json:"shortDescription"`
	FullDescription      sarifText          `json:"fullDescription"`
	HelpURI              string             `json:"helpUri"`
	DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
}

type sarifConfiguration struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID              string             `json:"ruleId"`
	RuleIndex           int                `json:"ruleIndex"`
	Level               string             `json:"level"`
	Message             sarifText          `json:"message"`
	Locations           []sarifLocation    `json:"locations"`
	PartialFingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions        []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifLocation struct {
	PhysicalLocation *sarifPhysical `json:"physicalLocation,omitempty"`
	LogicalLocations []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	ArtifactLocation sarifArtifact `json:"artifactLocation"`
	Region           *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification,omitempty"`
}

// SARIF writes a report for code scanners. Ignored findings are in it as
// suppressed ones.
func SARIF(w io.Writer, r *Report) error {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name:           "kubectl-nodeport",
			InformationURI: "https://github.com/kubectl-nodeport/kubectl-nodeport",
			Rules:          []sarifRule{},
		}},
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
	}
	index := map[string]int{}
	for i, rule := range check.Rules() {
		index[rule.ID] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, newSarifRule(rule))
	}
	for _, finding := range r.Findings {
		run.Results = append(run.Results, newSarifResult(finding, index))
	}
	for _, ignored := range r.Ignored {
		result := newSarifResult(ignored.Finding, index)
		kind := "external"
		if strings.HasPrefix(ignored.Ignore.By, "annotation") {
			kind = "inSource"
		}
		result.Suppressions = []sarifSuppression{{kind, ignored.Ignore.Reason}}
		run.Results = append(run.Results, result)
	}
	encoder := json.NewEncoder(EscapeJSON(w))
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

func newSarifRule(rule check.Rule) sarifRule {
	return sarifRule{
		ID: rule.ID, ShortDescription: sarifText{rule.Title}, FullDescription: sarifText{rule.Explanation},
		HelpURI: DocsOf(rule.ID), DefaultConfiguration: sarifConfiguration{sarifLevel(rule.Severity)},
	}
}

func newSarifResult(f check.Finding, index map[string]int) sarifResult {
	text := f.Message
	if f.Fix != "" {
		text += "\nfix: " + f.Fix
	}
	return sarifResult{
		RuleID: f.ID, RuleIndex: index[f.ID], Level: sarifLevel(f.Severity), Message: sarifText{text},
		Locations: sarifLocations(f), PartialFingerprints: map[string]string{"finding/v1": fingerprint(f)},
	}
}

func sarifLevel(severity check.Severity) string {
	if severity == check.Info {
		return "note"
	}
	return severity.String()
}

func sarifLocations(f check.Finding) []sarifLocation {
	var location sarifLocation
	if f.Position.File != "" {
		location.PhysicalLocation = &sarifPhysical{ArtifactLocation: sarifArtifact{fileURI(f.Position.File)}}
		if f.Position.Line > 0 {
			location.PhysicalLocation.Region = &sarifRegion{f.Position.Line, f.Position.Column}
		}
	}
	if name := cmp.Or(refText(f.Object), refText(f.Service)); name != "" {
		location.LogicalLocations = []sarifLogical{{name, "resource"}}
	}
	if location.PhysicalLocation == nil && location.LogicalLocations == nil {
		return []sarifLocation{}
	}
	return []sarifLocation{location}
}

// fileURI is a path as SARIF takes it: relative to the folder of the run, or
// with a scheme.
func fileURI(path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	u := url.URL{Path: filepath.ToSlash(filepath.Clean(path))}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
	}
	return u.String()
}

// fingerprint stays the same when lines move.
func fingerprint(f check.Finding) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{f.ID, f.Service.String(), f.Object.String(), f.Field, f.Message}, "\x00")))
	return hex.EncodeToString(sum[:16])
}
