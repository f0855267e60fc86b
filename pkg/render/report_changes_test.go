package render

import (
	"slices"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestChangesAreWhatPeopleReadOtherwise(t *testing.T) {
	web, api := snapshot.Ref{Kind: "Service", Namespace: "shop", Name: "web"}, snapshot.Ref{Kind: "Service", Namespace: "shop", Name: "api"}
	report := func(services []snapshot.Ref, findings ...check.Finding) *Report {
		return &Report{Services: services, Findings: findings, Table: &route.Table{}}
	}
	broken := check.Finding{ID: "NP201", Severity: check.Error, Service: web, Object: web, Message: "matches no pod"}
	both, one := []snapshot.Ref{api, web}, []snapshot.Ref{api}
	for _, test := range []struct {
		name          string
		before, now   *Report
		changed, gone []snapshot.Ref
	}{
		{"nothing", report(both, broken), report(both, broken), nil, nil},
		{"a finding that is gone", report(both, broken), report(both), []snapshot.Ref{web}, nil},
		{"a finding that came", report(both), report(both, broken), []snapshot.Ref{web}, nil},
		{"a service that is new", report(one), report(both), []snapshot.Ref{web}, nil},
		{"a service that is gone", report(both), report(one), nil, []snapshot.Ref{web}},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed, gone := Changes(test.before, test.now, TextOptions{Width: 80, Glyphs: ASCII()})
			if !slices.Equal(changed, test.changed) || !slices.Equal(gone, test.gone) {
				t.Errorf("changed %v, gone %v; want %v, %v", changed, gone, test.changed, test.gone)
			}
		})
	}
}

func TestHowLongAConnectionTookIsNoChange(t *testing.T) {
	before, now := walkedReport(), walkedReport()
	now.Walks[0].Nodes[0].Here.Took += 20 * time.Millisecond
	if changed, gone := Changes(before, now, TextOptions{Width: 80, Glyphs: ASCII()}); len(changed)+len(gone) > 0 {
		t.Errorf("changed %v, gone %v", changed, gone)
	}
}
