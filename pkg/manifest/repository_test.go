package manifest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// repository writes files into a new folder and reads all of them.
func repository(t *testing.T, files map[string]string) (*Set, []*Problem) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := Read(context.Background(), Source{Paths: []string{folder}, Recursive: true})
	return set, Problems(err)
}

func TestForeignFilesOfARepository(t *testing.T) {
	for _, test := range []struct {
		name, content string
		foreign       bool
	}{
		{"a workflow", "on: push\njobs: {}\n", true},
		{"values of a chart", "replicas: 2\n", true},
		{"a chart", "apiVersion: v2\nname: web\n", true},
		{"a template", "kind: Service\nmetadata: {name: {{ .Release.Name }}}\n", true},
		{"a kustomization", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", true},
		{"the configuration of a program", "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n", true},
		{"a list", "- a\n- b\n", true},
		{"a service without a name", "apiVersion: v1\nkind: Service\nspec: {}\n", false},
		{"an object without a kind", "apiVersion: v1\nmetadata: {name: web}\n", false},
		{"what is no YAML", "a: [", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems := repository(t, map[string]string{"a.yaml": test.content})
			if len(problems) == 0 {
				t.Fatal("there is no problem")
			}
			for _, problem := range problems {
				if problem.Foreign != test.foreign {
					t.Errorf("foreign is %t: %v", problem.Foreign, problem)
				}
			}
		})
	}
}

func TestWhatTheUserNamesIsNotForeign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, []byte("replicas: 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Read(context.Background(), Source{Paths: []string{path}})
	for _, problem := range Problems(err) {
		if problem.Foreign {
			t.Errorf("foreign: %v", problem)
		}
	}
}

func TestPatchesOfKustomizationsAreNoManifests(t *testing.T) {
	const patch = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort}\n"
	set, _ := repository(t, map[string]string{
		"prod/kustomization.yaml": "patches: [{path: ports.yaml}]\npatchesStrategicMerge: [../web.yaml]\n",
		"prod/ports.yaml":         patch, "web.yaml": patch, "prod/service.yaml": patch,
	})
	if len(set.Objects) != 1 || filepath.Base(set.Objects[0].Position.File) != "service.yaml" {
		t.Errorf("there are %d objects", len(set.Objects))
	}
}

func TestObjectsThatMayMakePods(t *testing.T) {
	template := "spec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n" +
		"    spec: {containers: [{name: web, image: web}]}\n"
	for _, test := range []struct {
		name, content string
		pods          int
		unknown       bool
	}{
		{"a template of pods", "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\n" + template, 1, false},
		{"an operator's", "apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: {name: web}\n", 0, true},
		{"one that only watches", "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: web}\n", 0, false},
		{"one that only routes", "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: web}\n", 0, false},
		{"one of Kubernetes", "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\n", 0, false},
		{"a CronJob", "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: web}\nspec: {jobTemplate: {spec: {template: " +
			"{metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web}]}}}}}\n", 1, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, problems := repository(t, map[string]string{"a.yaml": test.content})
			s, _ := set.Snapshot(Defaults{Namespace: "shop"})
			if len(problems) > 0 || len(s.Pods) != test.pods || s.Knows(snapshot.UnknownPods) == test.unknown {
				t.Errorf("%v, %d pods, gaps %v", problems, len(s.Pods), s.Gaps)
			}
		})
	}
}

func TestServicesAreAsWritten(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, ports: [{port: 82}]}\n"
	set, _ := repository(t, map[string]string{"a.yaml": service, "b.yaml": service + "  \n---\n" + service[:len(service)-len(", ports: [{port: 82}]}\n")] + "}\n"})
	services := set.Services("shop")
	if len(services) != 1 || services[0].Namespace != "shop" || services[0].Spec.ClusterIP != "" {
		t.Fatalf("services are %v", services)
	}
	s, _ := set.Snapshot(Defaults{Namespace: "shop"})
	if before := s.Before("shop", "web"); before == nil || len(before.Spec.Ports) != 1 || before.Spec.Type != corev1.ServiceTypeNodePort {
		t.Errorf("before it was %v", before)
	}
}

func TestVariants(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, ports: [{port: 82}]}\n"
	other := service[:len(service)-len(", ports: [{port: 82}]}\n")] + "}\n"
	set, _ := repository(t, map[string]string{"a/web.yaml": service, "b/web.yaml": other, "b/cart.yaml": strings.ReplaceAll(service, "web", "cart")})
	variants := set.Variants()
	if len(variants) != 1 || len(variants[0].Own) != 1 || len(variants[0].Objects) != 2 || len(set.Warnings) != 0 {
		t.Fatalf("variants %v, warnings %v", variants, set.Warnings)
	}
	s, _ := variants[0].Snapshot(Defaults{Namespace: "shop"})
	if got := len(s.Service("shop", "web").Spec.Ports); got != 1 {
		t.Errorf("the first folder's service has %d ports in its variant", got)
	}
	whole, _ := set.Snapshot(Defaults{Namespace: "shop"})
	if whole.Before("shop", "web") != nil {
		t.Error("the service of another folder is taken for an older one")
	}
}
