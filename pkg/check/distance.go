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

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
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
