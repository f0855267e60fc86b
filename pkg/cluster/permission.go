package cluster

import (
	"context"
	"encoding/json"
)

// accessReview is the part of a SelfSubjectAccessReview of
// authorization.k8s.io/v1 that is used here. The typed client of that group
// would add to the size of the program for this one request.
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

// access is what a user wants to do, in the words of RBAC.
type access struct {
	Verb        string `json:"verb"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
}

// allowed reports whether the API server says that the user has access. It is
// false when the API server cannot be asked.
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
