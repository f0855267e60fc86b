package cli

import (
	"errors"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// prepareSave finds out at once whether the folder of --save can be written to,
// and has what is applied with --local saved in it from now on. When the run
// ends, leave removes the folder if it was not there and nothing is saved.
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
	o.saver = newSaver(o.save)
	o.machine.Save = o.saver.save
	o.source.Skip = o.saver.wrote
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

// keep saves what could not be saved until now, and says where services are.
func (o *runOptions) keep(services []*corev1.Service) error {
	if o.saver == nil {
		return nil
	}
	err := o.saver.save(services)
	for _, service := range services {
		if path, saved := o.saver.path(service); saved {
			o.say("service/%s saved in %s", render.Safe(service.Name), path)
		}
	}
	return err
}
