package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// serviceKind is the only kind that can be written.
func serviceKind() kind {
	return kind{corev1.SchemeGroupVersion.WithKind("Service"), "/api/v1", "services"}
}

// create answers a request to create a service.
func (c *Cluster) create(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r)
	if err != nil {
		answerError(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	decoded, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	service, ok := decoded.(*corev1.Service)
	if err != nil || !ok {
		answerError(w, apierrors.NewBadRequest(fmt.Sprintf("no service can be read from the request: %v", err)))
		return
	}
	service.Namespace = r.PathValue("namespace")
	c.mu.Lock()
	defer c.mu.Unlock()
	if service.Name == "" && service.GenerateName != "" {
		service.Name = service.GenerateName + "1"
	}
	if c.now.Load().snapshot.Service(service.Namespace, service.Name) != nil {
		answerError(w, apierrors.NewAlreadyExists(corev1.Resource("services"), service.Name))
		return
	}
	service.CreationTimestamp = metav1.NewTime(time.Now().Truncate(time.Second))
	c.write(w, r, &addition{service: service}, http.StatusCreated)
}

// apply answers a request to apply a service. There are no field managers in a
// run: what was applied before and is no longer there goes, and of the rest
// whoever applies last is right.
func (c *Cluster) apply(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r)
	var applied map[string]any
	if err == nil {
		err = json.Unmarshal(body, &applied)
	}
	if patch := r.Header.Get("Content-Type"); patch != string(types.ApplyYAMLPatchType) {
		err = fmt.Errorf("a run on this machine takes no patch of type %s", patch)
	}
	if err != nil {
		answerError(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	namespace, name := r.PathValue("namespace"), r.PathValue("name")
	code := http.StatusOK
	live := c.now.Load().snapshot.Service(namespace, name)
	if live == nil {
		code = http.StatusCreated
		live = &corev1.Service{}
		live.CreationTimestamp = metav1.NewTime(time.Now().Truncate(time.Second))
	}
	var before map[string]any
	if known := c.added[snapshot.Ref{Kind: "Service", Namespace: namespace, Name: name}]; known != nil {
		before = known.applied
	}
	service, err := applyTo(live, before, applied)
	if err != nil {
		answerError(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	service.Namespace, service.Name = namespace, name
	c.write(w, r, &addition{service: service, applied: applied}, code)
}

// write adds a service, unless an API server would refuse it or the request is
// a rehearsal, and answers what it became.
func (c *Cluster) write(w http.ResponseWriter, r *http.Request, a *addition, code int) {
	if err := c.refuse(a.service); err != nil {
		answerError(w, err)
		return
	}
	ref := snapshot.RefOf("Service", a.service)
	s, _ := c.build(append(c.additions(), serviceObject(a.service)))
	// What was chosen for it stays, whatever comes after.
	a.service = s.Service(a.service.Namespace, a.service.Name)
	a.service.UID = uidOf(ref)
	if r.URL.Query().Get("dryRun") == "" {
		c.add(a)
		c.settle()
	}
	answer(w, code, c.now.Load().written(a.service, serviceKind()))
}

// refuse returns the error with which an API server would refuse a service.
func (c *Cluster) refuse(service *corev1.Service) *apierrors.StatusError {
	now := c.now.Load().snapshot
	var errs field.ErrorList
	for _, problem := range validation.IsDNS1123Label(service.Namespace) {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "namespace"), service.Namespace, problem))
	}
	if service.Name == "" {
		errs = append(errs, field.Required(field.NewPath("metadata", "name"), "name or generateName is required"))
	}
	for i, port := range service.Spec.Ports {
		if problem := c.refusePort(now, service, port.NodePort); problem != "" {
			at := field.NewPath("spec", "ports").Index(i).Child("nodePort")
			errs = append(errs, field.Invalid(at, port.NodePort, problem))
		}
	}
	for _, finding := range check.New(now).Service(service) {
		if finding.Refused() && finding.ID < "NP1" {
			errs = append(errs, &field.Error{
				Type: field.ErrorTypeInvalid, Field: finding.Field, BadValue: field.OmitValueType{}, Detail: finding.Message,
			})
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return apierrors.NewInvalid(serviceKind().GroupKind(), service.Name, errs)
}

// refusePort says in the words of the API server why a node port cannot be had
// (k8s.io/kubernetes pkg/registry/core/service/portallocator/allocator.go).
func (c *Cluster) refusePort(now *snapshot.Snapshot, service *corev1.Service, port int32) string {
	ports := c.options.NodePorts.OrDefault()
	switch {
	case port == 0:
		return ""
	case port < ports.First || port > ports.Last:
		return fmt.Sprintf("provided port is not in the valid range. The range of valid ports is %s", ports)
	}
	for _, other := range now.Services {
		if other.Namespace == service.Namespace && other.Name == service.Name {
			continue
		}
		if other.Spec.HealthCheckNodePort == port {
			return "provided port is already allocated"
		}
		for i := range other.Spec.Ports {
			if other.Spec.Ports[i].NodePort == port {
				return "provided port is already allocated"
			}
		}
	}
	return ""
}

// applyTo returns a service with a manifest applied to it that was applied
// before, perhaps, with other contents.
func applyTo(live *corev1.Service, before, applied map[string]any) (*corev1.Service, error) {
	text, err := json.Marshal(live)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	merge(fields, before, applied)
	if text, err = json.Marshal(fields); err != nil {
		return nil, err
	}
	service := &corev1.Service{}
	if err := json.Unmarshal(text, service); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	spec, _ := applied["spec"].(map[string]any)
	dropDependent(&service.Spec, spec)
	return service, nil
}

// dropDependent drops what an API server had filled in for what the service no
// longer is, unless the user asks for it (k8s.io/kubernetes
// pkg/registry/core/service/strategy.go, dropTypeDependentFields, and
// pkg/apis/core/v1/defaults.go, SetDefaults_Service).
func dropDependent(spec *corev1.ServiceSpec, applied map[string]any) {
	unasked := func(field string) bool { return applied[field] == nil }
	if spec.SessionAffinity != corev1.ServiceAffinityClientIP && unasked("sessionAffinityConfig") {
		spec.SessionAffinityConfig = nil
	}
	external := spec.Type == corev1.ServiceTypeNodePort || spec.Type == corev1.ServiceTypeLoadBalancer
	if !external && unasked("externalTrafficPolicy") {
		spec.ExternalTrafficPolicy = ""
	}
	if spec.Type != corev1.ServiceTypeLoadBalancer {
		if unasked("allocateLoadBalancerNodePorts") {
			spec.AllocateLoadBalancerNodePorts = nil
		}
		if unasked("healthCheckNodePort") {
			spec.HealthCheckNodePort = 0
		}
	}
	if spec.Type == corev1.ServiceTypeExternalName && unasked("clusterIP") {
		spec.ClusterIP, spec.ClusterIPs, spec.IPFamilies, spec.IPFamilyPolicy, spec.InternalTrafficPolicy = "", nil, nil, nil, nil
	}
}

// merge changes fields: what was before and is not after goes, what is after
// comes. Lists are replaced as a whole.
func merge(fields, before, after map[string]any) {
	for name := range before {
		if _, stays := after[name]; !stays {
			delete(fields, name)
		}
	}
	for name, value := range after {
		now, isMap := value.(map[string]any)
		live, wasMap := fields[name].(map[string]any)
		if !isMap || !wasMap {
			fields[name] = value
			continue
		}
		was, _ := before[name].(map[string]any)
		merge(live, was, now)
	}
}

// readBody reads a request, which is no larger than an API server takes, and
// comes in time.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	const most = 3 << 20
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(clientPatience)) == nil { // a test's recorder has none
		defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, most))
}
