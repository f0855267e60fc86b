package check

// close tells whether two names differ by a slip of the finger: one letter in
// short ones, two in longer.
func close(a, b string) bool {
	allowed := 1
	if min(len(a), len(b)) > 4 {
		allowed = 2
	}
	if len(a)-len(b) > allowed || len(b)-len(a) > allowed {
		return false
	}
	return distance(a, b) <= allowed
}

// far is the distance of names that have nothing to do with each other.
const far = 100

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to make b of a. Names longer than those of labels are far apart:
// nobody mistakes one for another by a slip.
func distance(a, b string) int {
	const longest = 63
	if len(a) > longest || len(b) > longest {
		return far
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
