package local

import (
	"encoding/json"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Handler answers as much of the Kubernetes API as the commands of this program
// ask for, so that they work on a run as they do on a cluster: reads and
// watches of all that there is, creates and applies of services, and
// connections through nodes and pods. Whoever may ask it may do all of that.
func (c *Cluster) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, kind := range kinds() {
		everywhere := "GET " + kind.path + "/" + kind.plural
		mux.HandleFunc(everywhere, c.read(kind))
		if kind.Kind == "Node" {
			continue
		}
		within := "GET " + kind.path + "/namespaces/{namespace}/" + kind.plural
		mux.HandleFunc(within, c.read(kind))
		mux.HandleFunc(within+"/{name}", c.readOne(kind))
	}
	services := "/api/v1/namespaces/{namespace}/services"
	mux.HandleFunc("POST "+services, c.create)
	mux.HandleFunc("PATCH "+services+"/{name}", c.apply)
	mux.HandleFunc("GET /api/v1/nodes/{name}/proxy/{path...}", c.throughNode)
	mux.HandleFunc("GET /api/v1/namespaces/{namespace}/pods/{name}/proxy/{path...}", c.throughPod)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answerError(w, apierrors.NewGenericServerResponse(http.StatusNotFound, r.Method, schema.GroupResource{}, "",
			"a run on this machine does not answer "+r.Method+" "+r.URL.Path, 0, true))
	})
	return mux
}

// kind is a resource of the API.
type kind struct {
	schema.GroupVersionKind
	path, plural string
}

func kinds() []kind {
	var kinds []kind
	for _, group := range []struct {
		name    string
		plurals map[string]string
	}{
		{"", map[string]string{
			"Service": "services", "Pod": "pods", "Node": "nodes", "ReplicationController": "replicationcontrollers",
		}},
		{"apps", map[string]string{
			"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets", "ReplicaSet": "replicasets",
		}},
		{"batch", map[string]string{"Job": "jobs"}},
		{"discovery.k8s.io", map[string]string{"EndpointSlice": "endpointslices"}},
		{"networking.k8s.io", map[string]string{"NetworkPolicy": "networkpolicies"}},
	} {
		version := schema.GroupVersion{Group: group.name, Version: "v1"}
		path := "/apis/" + version.String()
		if group.name == "" {
			path = "/api/v1"
		}
		for name, plural := range group.plurals {
			kinds = append(kinds, kind{version.WithKind(name), path, plural})
		}
	}
	return kinds
}

// resource names the kind in errors.
func (k kind) resource() schema.GroupResource {
	return schema.GroupResource{Group: k.Group, Resource: k.plural}
}

// objectList is a list of any kind.
type objectList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []runtime.Object `json:"items"`
}

func (c *Cluster) read(k kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		wanted, err := newSelection(k, r)
		switch {
		case err != nil:
			answerError(w, apierrors.NewBadRequest(err.Error()))
		case r.URL.Query().Get("watch") != "" && r.URL.Query().Get("watch") != "false":
			c.watch(w, r, wanted)
		default:
			now := c.now.Load()
			list := objectList{Items: []runtime.Object{}}
			list.APIVersion, list.Kind = k.GroupVersion().String(), k.Kind+"List"
			list.ResourceVersion = now.version()
			for _, object := range wanted.of(now) {
				list.Items = append(list.Items, now.written(object, k))
			}
			answer(w, http.StatusOK, list)
		}
	}
}

func (c *Cluster) readOne(k kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := c.now.Load()
		for _, object := range now.objects[k.Kind] {
			if object.GetNamespace() == r.PathValue("namespace") && object.GetName() == r.PathValue("name") {
				answer(w, http.StatusOK, now.written(object, k))
				return
			}
		}
		answerError(w, apierrors.NewNotFound(k.resource(), r.PathValue("name")))
	}
}

func answer(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object) // who asked is gone if that fails
}

func answerError(w http.ResponseWriter, err apierrors.APIStatus) {
	status := err.Status()
	status.APIVersion, status.Kind = "v1", "Status"
	answer(w, int(status.Code), status)
}
