package cli

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestParseSource(t *testing.T) {
	for _, test := range []struct{ arg, want, err string }{
		{arg: "web", want: "Pod/shop/web"},
		{arg: "pod/web", want: "Pod/shop/web"},
		{arg: "po/web", want: "Pod/shop/web"},
		{arg: "deploy/web", want: "Deployment/shop/web"},
		{arg: "deployments.apps/web", want: "Deployment/shop/web"},
		{arg: "sts/db", want: "StatefulSet/shop/db"},
		{arg: "ds/agent", want: "DaemonSet/shop/agent"},
		{arg: "rs/web-5d4", want: "ReplicaSet/shop/web-5d4"},
		{arg: "rc/old", want: "ReplicationController/shop/old"},
		{arg: "job/once", want: "Job/shop/once"},
		{arg: "svc/web", err: `"svc/web" is a service already; create takes the pod or workload behind it`},
		{arg: "nodes/a", err: `"nodes/a" is a node; create takes a pod or workload`},
		{arg: "deploy/", err: `"deploy/" has no name; give TYPE/NAME`},
		{arg: "", err: `"" has no name; give TYPE/NAME`},
		{arg: "/web", err: `a service cannot be created from a ""; give a pod, deployment, statefulset, daemonset, replicaset, replicationcontroller or job`},
		{arg: "cronjob/web", err: `a service cannot be created from a "cronjob"; give a pod, deployment, statefulset, daemonset, replicaset, replicationcontroller or job`},
	} {
		t.Run(test.arg, func(t *testing.T) {
			got, err := parseSource(test.arg, "shop")
			checkError(t, err, test.err)
			if err == nil && got.String() != test.want || err != nil && got != (snapshot.Ref{}) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestParseServices(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want []string
		err  string
	}{
		{name: "none"},
		{name: "names", args: []string{"web", "api"}, want: []string{"web", "api"}},
		{name: "with their type in front", args: []string{"svc/web", "service/api", "Services/db"}, want: []string{"web", "api", "db"}},
		{name: "their type in front of all", args: []string{"svc", "web", "api"}, want: []string{"web", "api"}},
		{name: "their type alone", args: []string{"services"}},
		{name: "another type", args: []string{"web", "deploy/web"}, err: `"deploy/web" is not a service; give the service's name`},
		{name: "an unknown type", args: []string{"thing/web"}, err: `"thing/web" is not a service; give the service's name`},
		{name: "no name behind the type", args: []string{"svc/"}, err: `"svc/" has no name`},
		{name: "an empty name", args: []string{""}, err: `"" has no name`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseServices(test.args)
			checkError(t, err, test.err)
			if diff := cmp.Diff(test.want, got); err == nil && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUTF8Locale(t *testing.T) {
	for _, test := range []struct {
		name string
		env  map[string]string
		want bool
	}{
		{"nothing set, as in a container or on Windows", nil, true},
		{"C", map[string]string{"LC_ALL": "C"}, false},
		{"POSIX", map[string]string{"LANG": "POSIX"}, false},
		{"UTF-8", map[string]string{"LANG": "de_DE.UTF-8"}, true},
		{"in small letters", map[string]string{"LANG": "en_US.utf8"}, true},
		{"Latin 1", map[string]string{"LANG": "de_DE.ISO-8859-1"}, false},
		{"LC_ALL is above all", map[string]string{"LC_ALL": "C", "LC_CTYPE": "C.UTF-8", "LANG": "C.UTF-8"}, false},
		{"LC_CTYPE is above LANG", map[string]string{"LC_CTYPE": "C.UTF-8", "LANG": "C"}, true},
		{"an empty one is none", map[string]string{"LC_ALL": "", "LANG": "C.UTF-8"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := utf8Locale(func(name string) string { return test.env[name] }); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestDryRunIsReadAsKubectlDoes(t *testing.T) {
	for word, want := range map[string]dryRun{"": dryRunNone, "none": dryRunNone, "client": dryRunClient, "Server": dryRunServer} {
		got, err := parseDryRun(word)
		checkError(t, err, "")
		if got != want {
			t.Errorf("%q: got %d, want %d", word, got, want)
		}
	}
	_, err := parseDryRun("true")
	checkError(t, err, "--dry-run=true is not one of none, client, server")
}

func TestStrictness(t *testing.T) {
	for word, want := range map[string]strictness{
		"strict": checkStrict, "true": checkStrict, "Warn": checkWarn, "ignore": checkIgnore, "false": checkIgnore,
	} {
		got, err := parseStrictness(word)
		checkError(t, err, "")
		if got != want {
			t.Errorf("%q: got %d, want %d", word, got, want)
		}
	}
	_, err := parseStrictness("")
	checkError(t, err, "--check= is not one of strict, warn, ignore")
}

func TestWriteOptions(t *testing.T) {
	flags := writeFlags{dryRun: "server", manager: "me", check: "warn", wait: true, timeout: time.Second}
	got, err := flags.options()
	checkError(t, err, "")
	if want := (writeOptions{dryRunServer, "me", checkWarn, true, time.Second}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if c := got.forCluster(); !c.DryRun || c.Manager != "me" || c.Force {
		t.Errorf("the API server is told %+v", c)
	}
	got.dryRun = dryRunNone
	if got.forCluster().DryRun {
		t.Error("the API server is told of a dry run")
	}
}

func TestPairs(t *testing.T) {
	for _, test := range []struct {
		name  string
		words []string
		want  map[string]string
		err   string
	}{
		{name: "keys and values", words: []string{"app=web", "note=a=b", "empty="}, want: map[string]string{"app": "web", "note": "a=b", "empty": ""}},
		{name: "no value", words: []string{"app"}, err: `--labels "app" is not key=value`},
		{name: "no key", words: []string{"=web"}, err: `--labels "=web" is not key=value`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := pairs("--labels")(test.words)
			checkError(t, err, test.err)
			if diff := cmp.Diff(test.want, got); err == nil && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
