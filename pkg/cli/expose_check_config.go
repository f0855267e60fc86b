package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

// configName is the file that is read from the working directory.
const configName = ".nodeport.yaml"

// configLimit is the most that the file may hold.
const configLimit = 1 << 20

// config are the settings of a repository.
type config struct {
	// FailOn and NodePortRange are as the flags take them.
	FailOn        string         `json:"failOn,omitempty"`
	NodePortRange string         `json:"nodePortRange,omitempty"`
	Ignore        []configIgnore `json:"ignore,omitempty"`

	path string
	// named reports that --config names the file. One that was found belongs to
	// what is checked.
	named bool
}

type configIgnore struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	// Object is what the finding is about, or the service, as
	// "Kind/namespace/name" with * for any text; empty for all.
	Object string `json:"object,omitempty"`
}

// readConfig reads the file that was named, or else that of the working
// directory, if there is one.
func readConfig(named string) (*config, error) {
	c := &config{path: named, named: named != ""}
	if named == "" {
		c.path = configName
	}
	data, err := manifest.ReadRegular(c.path, configLimit)
	if named == "" && errors.Is(err, fs.ErrNotExist) {
		return c, nil
	} else if err != nil {
		return nil, fmt.Errorf("cannot read the settings: %w", err)
	}
	if err := yaml.UnmarshalStrict(data, c); err != nil {
		return nil, fmt.Errorf("cannot read the settings in %q: %w", c.path, err)
	}
	return c, c.validate()
}

func (c *config) validate() error {
	for i, ignore := range c.Ignore {
		_, known := check.RuleOf(ignore.ID)
		_, malformed := path.Match(ignore.Object, "")
		switch {
		case !known:
			return fmt.Errorf("%q: ignore[%d].id %q is the id of no finding; --explain all lists them", c.path, i, ignore.ID)
		case ignore.Reason == "":
			return fmt.Errorf("%q: ignore[%d] needs a reason", c.path, i)
		case malformed != nil:
			return fmt.Errorf("%q: ignore[%d].object %q is no pattern: %w", c.path, i, ignore.Object, malformed)
		}
	}
	return nil
}

func (c *config) ignores() []check.Ignore {
	var ignores []check.Ignore
	for _, ignore := range c.Ignore {
		ignores = append(ignores, check.Ignore{ID: ignore.ID, Object: ignore.Object, Reason: ignore.Reason, By: c.path, Trusted: c.named})
	}
	return ignores
}
