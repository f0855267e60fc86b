// Package spelling finds the word that was meant by a misspelled one.
package spelling

import "strings"

// Far is the distance of words that have nothing to do with each other.
const Far = 100

// Distance counts the letters to insert, delete, replace or swap with their
// neighbour to make b of a (Damerau's restricted edit distance). Case counts.
// Words longer than a label's 63 letters are Far from all others: nobody
// mistakes one for another by a slip of the finger.
func Distance(a, b string) int {
	const longest = 63
	if len(a) > longest || len(b) > longest {
		return Far
	}
	var rows [3][longest + 1]int
	before, last, row := rows[0][:], rows[1][:], rows[2][:]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// Nearest returns the word that is spelled most like the given one, whatever
// their case, when it is alike enough to be meant: at most one slip in three
// letters. It is empty when there is none.
func Nearest(word string, words []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, candidate := range words {
		if d := Distance(strings.ToLower(word), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}
