package check

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// setting is an option of a program as a container gives it, in its arguments
// or its environment.
type setting struct {
	from        origin
	name, value string
	// text is how it is written: "--host localhost" or "HOST=localhost".
	text string
}

// origin is where a program is told a setting.
type origin int

const (
	option   origin = iota // --name value
	variable               // of the environment
	word                   // name=value among the arguments
)

// settings returns what a container's command line and environment set.
func settings(container *corev1.Container) []setting {
	var found []setting
	for _, words := range commands(slices.Concat(container.Command, container.Args)) {
		found = append(found, optionsIn(words)...)
	}
	for i := range container.Env {
		env := &container.Env[i]
		if env.ValueFrom != nil {
			continue
		}
		found = append(found, setting{variable, env.Name, env.Value, env.Name + "=" + env.Value})
		for _, suffix := range []string{"_ARGS", "_OPTS", "_OPTIONS"} {
			if strings.HasSuffix(env.Name, suffix) {
				found = append(found, optionsIn(strings.Fields(env.Value))...)
			}
		}
	}
	return found
}

func optionsIn(words []string) []setting {
	var found []setting
	for i, word := range words {
		found = append(found, optionsOf(word, strings.Join(values(words[i+1:]), " "))...)
	}
	return found
}

// commands returns the words of the command lines that a container runs: one,
// or those of a script that is given to a shell, without the clients in it,
// which ask for another address than the server's own.
func commands(words []string) [][]string {
	if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(word, " ") }) {
		return [][]string{words}
	}
	script := strings.NewReplacer("&&", "\n", "||", "\n", ";", "\n", "|", "\n", "\\\n", " ").Replace(strings.Join(words, " "))
	var commands [][]string
	for line := range strings.Lines(script) {
		if fields := strings.Fields(line); len(fields) > 0 && !slices.ContainsFunc(fields, isClient) {
			commands = append(commands, fields)
		}
	}
	return commands
}

func isClient(word string) bool {
	word = word[strings.LastIndex(word, "/")+1:]
	return slices.Contains([]string{
		"curl", "wget", "psql", "pg_isready", "mysql", "mysqladmin", "redis-cli", "mongo", "mongosh", "nc", "until", "while", "echo",
	}, word)
}

// values are the words up to the next option.
func values(words []string) []string {
	for i, word := range words {
		if strings.HasPrefix(word, "-") {
			return words[:i]
		}
	}
	return words
}

// optionsOf reads one word of a command line: --name=value, --name with its
// value behind it, name=value, -Dname=value of Java, and the short options by
// which servers are commonly bound.
func optionsOf(text, next string) []setting {
	name, value, given := strings.Cut(text, "=")
	first, _, _ := strings.Cut(next, " ")
	switch {
	case strings.HasPrefix(name, "-D") && given:
		return []setting{{option, strings.TrimPrefix(name, "-D"), value, text}}
	case text == "-b" || text == "-S" || text == "-l" || strings.HasSuffix(text, "runserver"):
		return []setting{{option, "bind", bound(first), text + " " + first}}
	case strings.HasPrefix(name, "-") && given:
		return []setting{{option, strings.TrimLeft(name, "-"), value, text}}
	case strings.HasPrefix(name, "-"):
		return []setting{{option, strings.TrimLeft(name, "-"), next, strings.TrimSpace(text + " " + next)}}
	case strings.Contains(text, ",bind="): // of socat
		_, address, _ := strings.Cut(text, ",bind=")
		address, _, _ = strings.Cut(address, ",")
		return []setting{{option, "bind", address, text}}
	case given:
		return []setting{{word, name, value, text}}
	}
	return nil
}

// bound keeps a value that is an address and drops any other, as short options
// mean something else to other programs.
func bound(value string) string {
	host, _ := splitAddress(value)
	if isLoopback(host) || isAddress(host) {
		return value
	}
	return "-"
}
