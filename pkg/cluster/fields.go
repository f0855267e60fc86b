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

// Adoptable reports whether the manager owns fields of the service that Create
// has set, and that Adopt makes fields of Apply.
func Adoptable(service *corev1.Service, manager string) bool {
	own, _ := ownedFields(service, manager)
	return len(own) > 0
}

// RehearseAdopted returns the service as it would be after Adopt and Apply. It
// asks the API server in a dry run. A dry run of Apply alone gives another
// result, because it keeps the fields that Create has set.
func (c *Cluster) RehearseAdopted(ctx context.Context, service *corev1.Service, manifest []byte, manager string) (*corev1.Service, error) {
	var object map[string]any
	if err := json.Unmarshal(manifest, &object); err != nil {
		return nil, err
	}
	own, others := ownedFields(service, manager)
	removeUnset(object, own, others)
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

// PortManager returns the first field manager other than the given one that owns
// the port of the service; "" if there is none. A port that another manager owns
// remains when an apply leaves it out. Service and port are as the API server
// returned them.
func PortManager(service *corev1.Service, port corev1.ServicePort, manager string) string {
	item := fmt.Sprintf(`k:{"port":%d,"protocol":%q}`, port.Port, port.Protocol)
	for _, entry := range service.ManagedFields {
		if entry.Manager != manager && hasField(fieldsOf(entry), "f:spec", "f:ports", item) {
			return entry.Manager
		}
	}
	return ""
}

// hasField reports whether the field set contains the field at path.
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

// ownedFields returns the fields that the manager owns through Create or Update,
// and those of each other manager.
func ownedFields(service *corev1.Service, manager string) (own map[string]any, others []map[string]any) {
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
		_ = json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) // an invalid set has no fields
	}
	return fields
}

// removeUnset turns object into a merge patch that also removes the manager's own
// fields that object does not set and that no other manager owns. It does not
// descend into lists, which a merge patch replaces as a whole.
func removeUnset(object, own map[string]any, others []map[string]any) {
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
			removeUnset(fields, ownBelow, shared)
		case has:
		case len(shared) == 0:
			object[name] = nil
		case len(ownBelow) > 0:
			fields = map[string]any{}
			removeUnset(fields, ownBelow, shared)
			object[name] = fields
		}
	}
}
