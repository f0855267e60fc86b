package cli

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestAnEventOfThePortsIsWrittenAlikeByRunAndForward(t *testing.T) {
	event := engine.Event{
		Kind: engine.PortFailed, Err: errors.New("it is taken"),
		Way: engine.Way{
			Namespace: "docs", Service: "web", PortName: "http", Protocol: "TCP", NodePort: 30033, Port: 82, Node: "n1",
			Address: netip.MustParseAddrPort("127.0.0.1:30033"),
		},
	}
	const want = `"event":"port-failed","namespace":"docs","service":"web","protocol":"TCP","nodePort":30033,"port":82,"portName":"http",` +
		`"node":"n1","address":"127.0.0.1:30033","message":"it is taken"}` + "\n"
	var ofForward, ofRun bytes.Buffer
	newTeller(newFactory(genericiooptions.IOStreams{Out: &ofForward}), false, true).event(event)
	run := runTeller{runOptions: &runOptions{factory: newFactory(genericiooptions.IOStreams{Out: &ofRun})}}
	if err := run.stream([]local.Event{{Kind: local.Port, Engine: event}}); err != nil {
		t.Fatal(err)
	}
	for command, got := range map[string]string{"forward": ofForward.String(), "run": ofRun.String()} {
		if !strings.HasPrefix(got, `{"time":"`) || !strings.HasSuffix(got, want) {
			t.Errorf("%s wrote %s", command, got)
		}
	}
}

func TestAnEventOfAPodNamesIt(t *testing.T) {
	got := localRecord(local.Event{Kind: local.PodNotReady, Object: snapshot.Ref{Kind: "Pod", Namespace: "docs", Name: "web"}, Message: "why"})
	if want := (eventRecord{Event: "pod-not-ready", Namespace: "docs", Pod: "web", Message: "why"}); got != want {
		t.Errorf("%+v", got)
	}
}
