package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func savable(namespace, name string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80}}},
	}
}

// filesIn returns the names of the files in a folder.
func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestServicesOfDifferentNamesAreSavedInDifferentFiles(t *testing.T) {
	long := strings.Repeat("long", 100)
	services := []*corev1.Service{
		savable("a", "b-c"), savable("a-b", "c"), savable("con", "nul"), savable("a_b", "c"), savable("a", "b_c"),
		savable("../a", "b"), savable("..", "a/b"), savable("a", `..\b`), savable("A", "b"), savable("a", "b"), savable(long, "a"), savable(long+"b", "a"),
	}
	folder := t.TempDir()
	if err := newSaver(folder).save(services); err != nil {
		t.Fatal(err)
	}
	names := filesIn(t, folder)
	for i := range names {
		names[i] = strings.ToLower(names[i])
		if len(names[i]) > 132 || strings.Trim(names[i], "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.HasPrefix(names[i], "con.") {
			t.Errorf("a file is called %q", names[i])
		}
	}
	slices.Sort(names)
	if got := len(slices.Compact(names)); got != len(services) {
		t.Errorf("%d services are in %d files: %q", len(services), got, names)
	}
}

func FuzzSavedName(f *testing.F) {
	f.Add("a", "b-c", "a-b", "c")
	f.Add("a_b", "c", "a", "b_c")
	f.Fuzz(func(t *testing.T, namespace, name, otherNamespace, otherName string) {
		same := namespace == otherNamespace && name == otherName
		a, b := savedName(namespace, name), savedName(otherNamespace, otherName)
		if (strings.EqualFold(a, b)) != same || filepath.Base(a) != a || len(a) > 132 {
			t.Errorf("%q and %q", a, b)
		}
	})
}

func TestWhatIsSavedFollowsEveryChange(t *testing.T) {
	folder := t.TempDir()
	s := newSaver(folder)
	save := func(services ...*corev1.Service) []string {
		t.Helper()
		if err := s.save(services); err != nil {
			t.Fatal(err)
		}
		return filesIn(t, folder)
	}
	web, api, db := savable("docs", "web"), savable("docs", "api"), savable("docs", "db")
	if got := save(web, api, db); !slices.Equal(got, []string{"docs_api.yaml", "docs_db.yaml", "docs_web.yaml"}) {
		t.Fatalf("saved %q", got)
	}
	if !s.wrote(filepath.Join(folder, "docs_db.yaml")) || s.wrote(filepath.Join(folder, "other.yaml")) {
		t.Error("it does not know what it wrote")
	}
	edited := filepath.Join(folder, "docs_db.yaml")
	if err := os.WriteFile(edited, []byte("edited"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.wrote(edited) {
		t.Error("an edit is taken for what it wrote")
	}
	web.Spec.Ports[0].Port = 81
	if got := save(web); !slices.Equal(got, []string{"docs_db.yaml", "docs_web.yaml"}) {
		t.Errorf("it kept %q, want what was edited, and not what is gone", got)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "docs_web.yaml")); err != nil || !strings.Contains(string(text), "port: 81") {
		t.Errorf("saved %s, %v", text, err)
	}
}

func TestAServiceThatCannotBeSavedKeepsTheOthersAndIsTriedAgain(t *testing.T) {
	folder := t.TempDir()
	blocked := filepath.Join(folder, "docs_api.yaml")
	if err := os.MkdirAll(filepath.Join(blocked, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := newSaver(folder)
	api, web := savable("docs", "api"), savable("docs", "web")
	err := s.save([]*corev1.Service{api, web})
	if err == nil || !strings.Contains(err.Error(), "cannot save service docs/api in "+blocked+": ") {
		t.Errorf("got %v", err)
	}
	if _, saved := s.path(web); !saved {
		t.Error("the other service is not saved")
	}
	if _, saved := s.path(api); saved {
		t.Error("it says that the service is saved")
	}
	if got := filesIn(t, folder); len(got) != 2 {
		t.Errorf("it left %q", got)
	}
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	if err := s.save([]*corev1.Service{api, web}); err != nil {
		t.Error(err)
	}
}
