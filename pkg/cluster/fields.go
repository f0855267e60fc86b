package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Adoptable tells whether a manager has set fields of a service by Create that
// Adopt would make those of its Apply.
func Adoptable(service *corev1.Service, manager string) bool {
	own, _ := heldFields(service, manager)
	return len(own) > 0
}

// RehearseAdopted asks the API server in a dry run what Adopt and then Apply
// would make of a service. Apply alone cannot tell: its dry run leaves what
// Create has set beside what the manifest has.
func (c *Cluster) RehearseAdopted(ctx context.Context, service *corev1.Service, manifest []byte, manager string) (*corev1.Service, error) {
	var object map[string]any
	if err := json.Unmarshal(manifest, &object); err != nil {
		return nil, err
	}
	own, others := heldFields(service, manager)
	leaveOut(object, own, others)
	patch, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	after, err := c.core.Services(service.Namespace).Patch(ctx, service.Name, types.MergePatchType, patch, metav1.PatchOptions{
		FieldManager:    manager,
		DryRun:          []string{metav1.DryRunAll},
		FieldValidation: metav1.FieldValidationStrict,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot apply service %s/%s: %w", service.Namespace, service.Name, err)
	}
	return after, nil
}

// PortManager is who else than a manager has set a port of a service, as the
// API server returned both; "" when nobody has. Such a port outlives an apply that no longer has it.
func PortManager(service *corev1.Service, port corev1.ServicePort, manager string) string {
	item := fmt.Sprintf(`k:{"port":%d,"protocol":%q}`, port.Port, port.Protocol)
	for _, entry := range service.ManagedFields {
		if entry.Manager != manager && hasField(fieldsOf(entry), "f:spec", "f:ports", item) {
			return entry.Manager
		}
	}
	return ""
}

func hasField(fields map[string]any, path ...string) bool {
	for _, key := range path {
		below, ok := fields[key].(map[string]any)
		if !ok {
			return false
		}
		fields = below
	}
	return true
}

// heldFields are the fields that a manager has set by Create, and those that
// others hold, or the manager by Apply.
func heldFields(service *corev1.Service, manager string) (own map[string]any, others []map[string]any) {
	for _, entry := range service.ManagedFields {
		switch fields := fieldsOf(entry); {
		case entry.Subresource != "":
		case entry.Manager == manager && entry.Operation == metav1.ManagedFieldsOperationUpdate:
			own = fields
		case entry.Manager != manager:
			others = append(others, fields)
		}
	}
	return own, others
}

func fieldsOf(entry metav1.ManagedFieldsEntry) map[string]any {
	var fields map[string]any
	if entry.FieldsV1 != nil {
		_ = json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) // what cannot be read is nobody's
	}
	return fields
}

// leaveOut makes an object a merge patch that takes away the manager's own
// fields that the object does not have. A list is replaced as a whole by such
// a patch anyway.
func leaveOut(object, own map[string]any, others []map[string]any) {
	for key, below := range own {
		name, isField := strings.CutPrefix(key, "f:")
		if !isField {
			continue
		}
		var shared []map[string]any
		for _, other := range others {
			if fields, ok := other[key].(map[string]any); ok {
				shared = append(shared, fields)
			}
		}
		value, has := object[name]
		fields, isMap := value.(map[string]any)
		switch ownBelow, _ := below.(map[string]any); {
		case isMap:
			leaveOut(fields, ownBelow, shared)
		case has:
		case len(shared) == 0:
			object[name] = nil
		case len(ownBelow) > 0:
			fields = map[string]any{}
			leaveOut(fields, ownBelow, shared)
			object[name] = fields
		}
	}
}
