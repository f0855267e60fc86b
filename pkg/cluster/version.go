package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/version"
)

// Version returns the version of the API server. By default, RBAC allows all
// authenticated users to read it.
func (c *Cluster) Version(ctx context.Context) (version.Info, error) {
	var info version.Info
	data, err := c.core.RESTClient().Get().AbsPath("/version").DoRaw(ctx)
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(data, &info); err != nil || info.GitVersion == "" {
		return info, fmt.Errorf("the API server returned an invalid version: %.80q", data)
	}
	return info, nil
}
