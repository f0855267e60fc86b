package check

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func ignoring(text string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Annotations = map[string]string{IgnoreAnnotation: text} }
}

func ignoreCases() []ruleCase {
	const field = "warning metadata.annotations[nodeport/ignore]: annotation nodeport/ignore has no full effect: "
	return []ruleCase{{
		id: "NP505", name: "ids with reasons", service: service(ignoring("NP104: agreed; NP203: both are web;")),
	}, {
		id: "NP505", name: "an id that there is not", service: service(ignoring("NP999: why not")),
		want: []string{field + "NP999 is the id of no finding"},
	}, {
		id: "NP505", name: "no reason", service: service(ignoring("NP104; NP203:")),
		want: []string{field + "NP104 is ignored without a reason, and NP203 is ignored without a reason"},
	}}
}

func TestSift(t *testing.T) {
	web := service(ignoring("NP104: agreed with the network team"))
	ref := newSubject(newChecker(cluster()), web).ref
	findings := []Finding{{ID: "NP104", Service: ref, Object: ref}, {ID: "NP203", Service: ref, Object: ref}, {ID: "NP404", Service: ref}}
	for _, test := range []struct {
		name   string
		given  []Ignore
		counts []string
	}{
		{"the annotation alone", nil, []string{"NP203", "NP404"}},
		{"an id for all objects", []Ignore{{ID: "NP203"}}, []string{"NP404"}},
		{"an id for the service", []Ignore{{ID: "NP404", Object: "Service/shop/*"}}, []string{"NP203"}},
		{"an id for another service", []Ignore{{ID: "NP404", Object: "Service/shop/cart"}}, []string{"NP203", "NP404"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			counting, ignored := Sift(findings, []*corev1.Service{web}, test.given, 0)
			var ids []string
			for _, finding := range counting {
				ids = append(ids, finding.ID)
			}
			if !slices.Equal(ids, test.counts) || len(counting)+len(ignored) != len(findings) {
				t.Errorf("%v count, %d are ignored; want %v to count", ids, len(ignored), test.counts)
			}
			if ignored[0].Ignore.Reason != "agreed with the network team" {
				t.Errorf("the reason is %q", ignored[0].Ignore.Reason)
			}
		})
	}
}

func TestWhatIsCheckedDoesNotIgnoreWhatFailsTheCheck(t *testing.T) {
	web := service(ignoring("NP201: by its own word; NP104: agreed"))
	ref := newSubject(newChecker(cluster()), web).ref
	findings := []Finding{{ID: "NP201", Severity: Error, Service: ref, Message: "no pod"}, {ID: "NP104", Severity: Info, Service: ref}}
	for _, test := range []struct {
		name    string
		given   []Ignore
		failOn  Severity
		ignored []string
	}{
		{"its annotation does for what does not", nil, Error, []string{"NP104"}},
		{"nor for anything when all fails", nil, Info, nil},
		{"and for all when nothing does", nil, 0, []string{"NP201", "NP104"}},
		{"a file that was found does not", []Ignore{{ID: "NP201", By: ".nodeport.yaml"}}, Error, []string{"NP104"}},
		{"the command line does", []Ignore{{ID: "NP201", Trusted: true}}, Error, []string{"NP201", "NP104"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			counting, ignored := Sift(findings, []*corev1.Service{web}, test.given, test.failOn)
			var ids []string
			for _, finding := range ignored {
				ids = append(ids, finding.ID)
			}
			if !slices.Equal(ids, test.ignored) {
				t.Errorf("%v are ignored, want %v", ids, test.ignored)
			}
			if test.failOn == Error && len(ids) == 1 && !strings.Contains(counting[0].Message, "not ignored by annotation nodeport/ignore") {
				t.Errorf("it does not say why: %q", counting[0].Message)
			}
		})
	}
}
