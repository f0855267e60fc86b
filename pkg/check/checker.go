package check

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Checker checks services one by one. It indexes its snapshot once, which takes
// far longer than to check a service. It is for one goroutine.
type Checker struct{ checker *checker }

// New returns a checker for any number of services. The snapshot must not
// change as long as it is used.
func New(s *snapshot.Snapshot) *Checker { return &Checker{newChecker(s)} }

// Service returns what the rules find in a service as it is or is to be, worst
// first. The service need not be in the snapshot; if the snapshot holds one of
// its namespace and name, that is the one to be updated, and what it holds
// does not count as taken. What the snapshot could not read is no finding.
func (c *Checker) Service(service *corev1.Service) []Finding { return c.checker.service(service) }

// Strangers tells when a service also selects pods of others than the one that
// it was made for: source, a pod or a workload. A selector that mixes up
// different applications is a finding of [Checker.Service] already, and not
// repeated.
func (c *Checker) Strangers(service *corev1.Service, source snapshot.Ref) []Finding {
	return strangers(newSubject(c.checker, service), source)
}
