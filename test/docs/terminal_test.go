package docs

import (
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// limit is the time that a command has, beside others that load the machine.
const limit = 2 * time.Minute

// terminal is a shell whose commands write to a terminal.
type terminal struct {
	t     *testing.T
	shell *exec.Cmd
	// commands is what the shell reads, keys what is pressed.
	commands, keys io.WriteCloser
	ended          chan struct{}

	mu      sync.Mutex
	changed chan struct{} // closed when screen grows
	screen  strings.Builder

	// running tells that a command has not ended; from is where its output
	// begins on the screen.
	running bool
	from    int
}

// open starts a shell; it ends with the test.
func open(t *testing.T, shell *exec.Cmd) *terminal {
	t.Helper()
	term := &terminal{t: t, shell: shell, ended: make(chan struct{}), changed: make(chan struct{})}
	commands, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := startOnTerminal(shell)
	if err != nil {
		t.Fatal(err)
	}
	term.commands, term.keys = commands, keys
	go term.read(keys)
	t.Cleanup(term.close)
	// Ctrl-C is for the shell's commands. It is of their process group.
	fmt.Fprintln(commands, "trap : INT")
	return term
}

func (term *terminal) close() {
	if term.running {
		term.interrupt()
		term.await("the end", func([]string) bool { return !term.running })
	}
	_ = term.commands.Close()
	select {
	case <-term.ended:
	case <-time.After(20 * time.Second):
		_ = term.shell.Process.Kill()
	}
	_ = term.keys.Close()
	_ = term.shell.Wait() // its exit code is that of the last command
}

func (term *terminal) read(from io.Reader) {
	defer close(term.ended)
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		term.mu.Lock()
		term.screen.Write(buffer[:n])
		close(term.changed)
		term.changed = make(chan struct{})
		term.mu.Unlock()
		if err != nil {
			return // EIO: the shell has ended
		}
	}
}

// endMark is what the shell writes behind a command's output, around its exit code.
const endMark = "\x02"

// start types a command. What it reads is empty, not the shell's commands.
func (term *terminal) start(command string) {
	term.mu.Lock()
	term.from = term.screen.Len()
	term.mu.Unlock()
	term.running = true
	fmt.Fprintf(term.commands, "{ %s\n} </dev/null\nprintf '\\002%%d\\002' $?\n", command)
}

func (term *terminal) interrupt() { _, _ = io.WriteString(term.keys, "\x03") }

// seen returns the lines that the command has printed so far, and its exit
// code, -1 while it runs.
func (term *terminal) seen() ([]string, int) {
	term.mu.Lock()
	defer term.mu.Unlock()
	text, code, ended := strings.Cut(term.screen.String()[term.from:], endMark)
	if !ended {
		return shown(text), -1
	}
	number, _, whole := strings.Cut(code, endMark)
	if !whole {
		return shown(text), -1
	}
	n, _ := strconv.Atoi(number) // the shell has printed it
	term.running = false
	return shown(text), n
}

// await waits until enough was printed or the command has ended, and returns
// the lines and the exit code.
func (term *terminal) await(what string, enough func([]string) bool) ([]string, int) {
	deadline := time.After(limit)
	for {
		term.mu.Lock()
		changed := term.changed
		term.mu.Unlock()
		lines, code := term.seen()
		if code >= 0 || enough(lines) {
			return lines, code
		}
		select {
		case <-changed:
		case <-term.ended:
			return lines, 0
		case <-deadline:
			term.t.Errorf("%s is not there after %s", what, limit)
			return lines, -1
		}
	}
}

// settle waits until the command has been quiet for a while, for writing what
// it prints into a page: nothing else tells that it is ready.
func (term *terminal) settle() ([]string, int) {
	for {
		term.mu.Lock()
		changed := term.changed
		term.mu.Unlock()
		lines, code := term.seen()
		if code >= 0 {
			return lines, code
		}
		select {
		case <-changed:
		case <-term.ended:
			return lines, 0
		case <-time.After(5 * time.Second):
			return lines, -1
		}
	}
}

// wait waits until the command has ended.
func (term *terminal) wait() ([]string, int) {
	return term.await("the end of the command", func([]string) bool { return false })
}

// shown is what a terminal shows of the text: progress that was wiped out is
// not there, nor are colours.
func shown(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if i := strings.LastIndex(line, "\r\x1b[K"); i >= 0 {
			line = line[i+len("\r\x1b[K"):]
		}
		lines = append(lines, colours.ReplaceAllString(line, ""))
	}
	return trimmed(lines)
}
