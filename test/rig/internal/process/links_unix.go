//go:build unix

package process

import (
	"fmt"
	"sync"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/link"
)

// links are the emulated links that run, by name.
type links struct {
	mu     sync.Mutex
	byName map[string]*link.Link
}

func (l *links) open(s LinkSpec) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byName[s.Name] != nil {
		return fmt.Errorf("link %s is emulated already", s.Name)
	}
	a, err := link.OpenTAP(s.Interfaces[0])
	if err != nil {
		return err
	}
	b, err := link.OpenTAP(s.Interfaces[1])
	if err != nil {
		_ = a.Close()
		return err
	}
	if l.byName == nil {
		l.byName = map[string]*link.Link{}
	}
	l.byName[s.Name] = link.Start(a, b, s.Conditions)
	return nil
}

func (l *links) close(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	running := l.byName[name]
	if running == nil {
		return fmt.Errorf("link %s is not emulated", name)
	}
	delete(l.byName, name)
	return running.Close()
}

// OpenLink emulates a link.
func (s *service) OpenLink(spec LinkSpec, _ *struct{}) error { return s.parent.links.open(spec) }

// CloseLink ends an emulated link.
func (s *service) CloseLink(name string, _ *struct{}) error { return s.parent.links.close(name) }
