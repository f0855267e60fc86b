package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// glossary is what the page says about words to avoid.
type glossary []rule

// rule is a word or phrase to avoid, and what to write.
type rule struct {
	avoid *regexp.Regexp
	write string
}

// use is one place where a word to avoid is used.
type use struct {
	file  string
	line  int // from 1
	word  string
	write string
}

func (u use) String() string {
	return fmt.Sprintf("%s:%d: avoid %q; write: %s", u.file, u.line, u.word, u.write)
}

// parseGlossary reads the table whose first column is headed "avoid".
func parseGlossary(page string) (glossary, error) {
	_, table, ok := strings.Cut(page, "| avoid | write |\n")
	if !ok {
		return nil, errors.New(`no table "avoid | write"`)
	}
	var g glossary
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 2 {
			break
		}
		avoid, write := strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1])
		if strings.HasPrefix(avoid, "--") {
			continue
		}
		for phrase := range strings.SplitSeq(avoid, ",") {
			g = append(g, rule{pattern(strings.TrimSpace(phrase)), write})
		}
	}
	if len(g) == 0 {
		return nil, errors.New("the table of words to avoid is empty")
	}
	return g, nil
}

// pattern matches a phrase as whole words, also across lines and comment marks.
func pattern(phrase string) *regexp.Regexp {
	words := strings.Fields(phrase)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return regexp.MustCompile(`(?i)\b` + strings.Join(words, `[\s/>*]+`) + `\b`)
}

// isMark reports whether r separates words or begins a line of a comment.
func isMark(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("/>*", r) }

// in returns the uses of words to avoid in a passage.
func (g glossary) in(p passage) []use {
	var found []use
	for _, r := range g {
		for _, at := range r.avoid.FindAllStringIndex(p.text, -1) {
			line := p.line + strings.Count(p.text[:at[0]], "\n")
			word := strings.Join(strings.FieldsFunc(p.text[at[0]:at[1]], isMark), " ")
			found = append(found, use{p.file, line, word, r.write})
		}
	}
	return found
}
