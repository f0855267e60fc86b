package cluster

import (
	"context"
	"encoding/json"
)

// accessReview has the fields of a SelfSubjectAccessReview of
// authorization.k8s.io/v1 that allowed needs. The typed client of that API group
// would make the program larger for a single request.
type accessReview struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Spec       accessReviewSpec   `json:"spec"`
	Status     accessReviewStatus `json:"status"`
}

type accessReviewSpec struct {
	ResourceAttributes access `json:"resourceAttributes"`
}

type accessReviewStatus struct {
	Allowed bool `json:"allowed"`
}

// access is an action on a resource, as RBAC describes it.
type access struct {
	Verb        string `json:"verb"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
}

// allowed reports whether the user has access, according to the API server. It
// returns false if the request fails.
func (c *Cluster) allowed(ctx context.Context, a access) bool {
	review := accessReview{
		APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview",
		Spec: accessReviewSpec{ResourceAttributes: a},
	}
	body, err := json.Marshal(review)
	if err != nil {
		return false
	}
	answer, err := c.core.RESTClient().Post().AbsPath("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews").
		SetHeader("Content-Type", "application/json").SetHeader("Accept", "application/json").
		Body(body).DoRaw(ctx)
	if err != nil {
		return false
	}
	review = accessReview{}
	return json.Unmarshal(answer, &review) == nil && review.Status.Allowed
}
