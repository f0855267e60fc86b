// Package docs holds README.md and docs/ to what they say: links lead
// somewhere, and commands that are shown are run, as a reader would run them,
// and print what is shown.
//
// # Blocks that are run
//
// A fenced block of commands has an HTML comment on the line before it:
//
//	<!-- run: client -->
//	```console
//	$ kubectl nodeport get web
//	NAME   NODEPORT → PORT → TARGET   ENDPOINTS   NODE   ADDRESS
//	web    30033 → 82 → 300/TCP       1/1         n1     http://10.1.11.4:30033
//	...
//	```
//
// The word after "run:" is the place:
//
//	none     no cluster: an empty network with a loopback, no kubeconfig;
//	         "kubectl nodeport" works even where there is no kubectl
//	api      an API server of a rig: objects are stored, nothing runs
//	client   the client host of a rig with three nodes, outside the cluster
//	n1 …     a host of that rig, cp the control plane: for a firewall, say, which
//	         trap 'COMMAND' EXIT takes away again
//
// Lines that begin with "$ " are commands, "> " goes on with one, and what is
// left is their output, as a terminal of 80 columns shows it. What differs
// from run to run is not compared: addresses of pods and services, chosen node
// ports and ports of clients, suffixes of pods, ages and durations (Mask). A
// line "..." stands for any lines. A command of which no output is shown has to
// succeed. A line "^C" is the key: what is shown before it is awaited, and what
// follows is what the command prints as it ends.
//
// Blocks of another kind than console ("sh") are run whole and have to succeed.
//
// The blocks of a page are one session: they share, in each place, a shell, so
// that cd and variables last, and the page's working directory, which is empty
// at first. In clusters each page has the namespace docs to itself. After the
// place there may be
//
//	terminal=NAME   another shell of the same place, for what runs meanwhile
//	stays           the last command does not end: its output is awaited; a
//	                block whose first line is ^C ends it, or the end of the page
//	image=NAME      docs/images/NAME.svg shows the block ("make images" draws it)
//
// A block that cannot be run says why: <!-- not run: needs kind on macOS -->.
// A block without a mark must not show commands.
//
// # What readers do not see
//
//	<!-- setup: client
//	sed "s#registry.example/web:1#$IMAGE#" "$REPO/testdata/tutorial/pod.yaml" > pod.yaml
//	-->
//
// is run where it stands and has to succeed. REPO is the root of the
// repository, IMAGE the image of the test workload: test/rig/kubernetes/images/srv.
//
//	<!-- file: service.yaml -->
//
// before a fenced block writes that block into the working directory.
//
// # Writing them
//
//	go test ./test/docs -run TestCommands/tutorial -v           # all of docs/tutorial.md
//	go test ./test/docs -run TestCommands/tutorial -update      # put the output seen into the page
package docs
