package render

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// Order is the order of services by a field of the object that Object returns
// for each, as kubectl's --sort-by. (k8s.io/kubectl pkg/cmd/get/sorter.go)
type Order struct{ field field }

// ParseOrder reads a field as JSONPath, such as .ports[0].nodePort.
func ParseOrder(expression string) (*Order, error) {
	f, err := parseField("sorting", expression)
	return &Order{f}, err
}

// Sort sorts the table's services: those without the field first, numbers by
// size, and numbers in strings, too. A field that none has is an error.
func (o *Order) Sort(table *route.Table) error {
	type keyed struct {
		service route.Service
		key     any // nil, a number or a string
	}
	services := make([]keyed, len(table.Services))
	found := len(services) == 0
	for i := range table.Services {
		services[i].service = table.Services[i]
		object, err := toUnstructured(newServiceObject(table, &table.Services[i]))
		if err != nil {
			return err
		}
		values, err := o.field.of(object.Object)
		if err != nil {
			return err
		}
		if len(values) == 0 {
			continue
		}
		found = true
		if services[i].key, err = sortable(values[0]); err != nil {
			return fmt.Errorf("cannot sort by %s: %w", o.field.text, err)
		}
	}
	if !found {
		return fmt.Errorf("couldn't find any field with path %q in the list of objects; kubectl nodeport get -o yaml shows the fields", o.field.text)
	}
	slices.SortStableFunc(services, func(a, b keyed) int { return compareKeys(a.key, b.key) })
	for i := range services {
		table.Services[i] = services[i].service
	}
	return nil
}

func sortable(value any) (any, error) {
	switch value := value.(type) {
	case nil, int64, float64:
		return value, nil
	case bool:
		return fmt.Sprint(value), nil
	case string:
		if quantity, err := resource.ParseQuantity(value); err == nil {
			return quantity, nil
		}
		return value, nil
	}
	return nil, errors.New("a list or an object is neither a number nor a text")
}

// compareKeys has nothing before numbers, and numbers before texts.
func compareKeys(a, b any) int {
	if byKind := cmp.Compare(kindOfKey(a), kindOfKey(b)); byKind != 0 {
		return byKind
	}
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case float64:
		return cmp.Compare(a, b.(float64))
	case resource.Quantity:
		return a.Cmp(b.(resource.Quantity))
	case string:
		return cmp.Compare(a, b.(string))
	}
	return 0
}

func kindOfKey(key any) int {
	switch key.(type) {
	case nil:
		return 0
	case int64:
		return 1
	case float64:
		return 2
	case resource.Quantity:
		return 3
	}
	return 4
}
