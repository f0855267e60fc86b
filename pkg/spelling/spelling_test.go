package spelling

import "testing"

func TestDistanceCountsSlipsOfTheFinger(t *testing.T) {
	tests := map[string]struct {
		a, b string
		want int
	}{
		"the same word":                  {"selector", "selector", 0},
		"a letter left out":              {"slector", "selector", 1},
		"a letter too many":              {"selecctor", "selector", 1},
		"another letter":                 {"selecter", "selector", 1},
		"two neighbours swapped":         {"seletcor", "selector", 1},
		"nothing against a word":         {"", "web", 3},
		"words with nothing in common":   {"abc", "xyz", 3},
		"a word longer than any label":   {string(make([]byte, 64)), "web", Far},
		"case, which counts as a letter": {"Web", "web", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got, back := Distance(test.a, test.b), Distance(test.b, test.a); got != test.want || back != test.want {
				t.Errorf("distance is %d, and %d the other way, want %d", got, back, test.want)
			}
		})
	}
}

func TestNearestFindsTheWordThatWasMeant(t *testing.T) {
	words := []string{"selector", "sessionAffinity", "ports", "type"}
	for word, want := range map[string]string{
		"slector":         "selector",
		"SELECTOR":        "selector",
		"port":            "ports",
		"sesionAfinity":   "sessionAffinity",
		"replicas":        "",
		"":                "",
		"typ":             "type",
		"sessionAffinity": "sessionAffinity",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}
