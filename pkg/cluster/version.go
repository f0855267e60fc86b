package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/version"
)

// Version asks the API server for its version. Everybody may ask, unless the
// cluster's roles were changed.
func (c *Cluster) Version(ctx context.Context) (version.Info, error) {
	var info version.Info
	data, err := c.core.RESTClient().Get().AbsPath("/version").DoRaw(ctx)
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(data, &info); err != nil || info.GitVersion == "" {
		return info, fmt.Errorf("the answer of the API server is no version: %.80q", data)
	}
	return info, nil
}
