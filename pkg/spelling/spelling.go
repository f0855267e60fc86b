// Package spelling suggests the word that was probably meant by a misspelled
// one.
package spelling

import "strings"

// Far is the distance of words that are not similar at all.
const Far = 100

// Distance returns the number of letters to insert, delete, replace or swap
// with their neighbour to turn a into b (Damerau's restricted edit distance).
// Case counts. Words longer than the 63 letters of a label are Far from all
// others.
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

// Nearest returns the word with the smallest distance from the given one,
// ignoring case, if there is at most one mistake in three letters. Otherwise it
// is empty.
func Nearest(word string, words []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, candidate := range words {
		if d := Distance(strings.ToLower(word), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}
