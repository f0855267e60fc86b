package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// prepareSave finds out at once whether the folder of --save can be written to.
// When the run ends, leave takes the folder away again if it was not there and
// nothing was saved.
func (o *runOptions) prepareSave() (leave func(), err error) {
	if o.save == "" {
		return func() {}, nil
	}
	_, err = os.Stat(o.save)
	was := err == nil
	if err = os.MkdirAll(o.save, 0o755); err == nil {
		err = tryToWrite(o.save)
	}
	if err != nil {
		return nil, fmt.Errorf("--save: services cannot be saved in %s: %w", o.save, rootCause(err))
	}
	return func() {
		if !was {
			_ = os.Remove(o.save) // an empty folder only
		}
	}, nil
}

func tryToWrite(folder string) error {
	file, err := os.CreateTemp(folder, ".try-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// keep writes services as manifests, one a file, if there is a folder for them.
func (o *runOptions) keep(services []*corev1.Service) error {
	if o.save == "" || len(services) == 0 {
		return nil
	}
	if err := os.MkdirAll(o.save, 0o755); err != nil {
		return fmt.Errorf("cannot save the services: %w", err)
	}
	for _, service := range services {
		text, err := yaml.Marshal(asManifest(service))
		if err != nil {
			return fmt.Errorf("cannot save service %s: %w", service.Name, err)
		}
		name := service.Name + ".yaml"
		if severalNamespaces(services) {
			name = service.Namespace + "-" + name
		}
		path := filepath.Join(o.save, name)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return fmt.Errorf("cannot save service %s: %w", service.Name, err)
		}
		o.say("service/%s saved in %s", render.Safe(service.Name), path)
	}
	return nil
}

// asManifest leaves of a service what its author would write: not the addresses
// that a cluster gives out.
func asManifest(service *corev1.Service) *corev1.Service {
	manifest := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: service.Name, Namespace: service.Namespace, Labels: service.Labels, Annotations: service.Annotations,
		},
		Spec: *service.Spec.DeepCopy(),
	}
	manifest.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Service"))
	if manifest.Spec.ClusterIP != corev1.ClusterIPNone {
		manifest.Spec.ClusterIP, manifest.Spec.ClusterIPs = "", nil
	}
	return manifest
}
