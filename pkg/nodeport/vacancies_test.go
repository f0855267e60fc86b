package nodeport

import (
	"slices"
	"testing"
)

func TestVacancies(t *testing.T) {
	static, dynamic := Default().Bands()

	t.Run("every free port is suggested once, the static band first", func(t *testing.T) {
		got := slices.Collect(NewVacancies(Range{}, held(30000, 31000)).Suggest("shop", "web"))
		statics := len(all(static)) - 1
		first, rest := slices.Sorted(slices.Values(got[:statics])), slices.Sorted(slices.Values(got[statics:]))
		if !slices.Equal(first, all(static)[1:]) || len(rest) != len(all(dynamic))-1 || slices.Contains(rest, 31000) {
			t.Errorf("the first %d are %v, and %d follow", statics, first, len(rest))
		}
	})
	t.Run("the first is that of Suggest", func(t *testing.T) {
		for _, taken := range []func(int32) bool{held(), held(all(static)...), held(all(static)[3:]...)} {
			want, _ := Suggest(Range{}, taken, "shop", "web")
			for got := range NewVacancies(Range{}, taken).Suggest("shop", "web") {
				if got != want {
					t.Errorf("the first is %d, want %d", got, want)
				}
				break
			}
		}
	})
	t.Run("a full range has none", func(t *testing.T) {
		small := Range{First: 30000, Last: 30003}
		vacancies := NewVacancies(small, held(all(small)...))
		if got := slices.Collect(vacancies.Suggest("shop", "web")); got != nil || vacancies.InStatic() {
			t.Errorf("it has %v", got)
		}
	})
}
