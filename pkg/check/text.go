package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// plain returns a name from the cluster as it stands when it is harmless, and
// quoted when it could be mistaken for something else.
func plain(name string) string {
	odd := func(r rune) bool {
		return !strings.ContainsRune("-._/:@", r) && (r > 'z' || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}
	if name == "" || strings.ContainsFunc(name, odd) {
		return strconv.Quote(name)
	}
	return name
}

// plainSentence is what an error says, on one line and harmless.
func plainSentence(err error) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, err.Error())
}

func plainAll(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = plain(name)
	}
	return quoted
}

// selectorText writes labels as kubectl takes them: "app=web,tier=front".
func selectorText(labels map[string]string) string {
	pairs := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, pairText(key, labels[key]))
	}
	return strings.Join(pairs, ",")
}

func pairText(key, value string) string { return plain(key) + "=" + plainOrEmpty(value) }

func plainOrEmpty(value string) string {
	if value == "" {
		return ""
	}
	return plain(value)
}

// objectText names an object in a sentence: "Deployment web".
func objectText(ref snapshot.Ref) string { return ref.Kind + " " + plain(ref.Name) }

// listText joins names as a sentence does, the first few of many:
// "a", "a and b", "a, b and c", "a, b, c and 4 more".
func listText(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// count writes a number with its noun: "1 pod", "3 pods".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// jsonText is for values that always have a JSON form: strings, numbers and
// maps of them.
func jsonText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// shellQuote makes one word of a shell's command line.
func shellQuote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// lower is a kind as kubectl takes it: "deployment".
func lower(kind string) string { return strings.ToLower(kind) }

func areOrIs(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func haveOrHas(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}
