package main

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/internal/gotest"
)

func TestResultsTakeThePlaceOfOlderOnes(t *testing.T) {
	head := "| Kubernetes | API | nftables | iptables | date |\n|---|---|---|---|---|\n"
	page := "text\n" + rowsBegin + "\n\n" + head + "| v1.33.13 | 1 passed | 1 passed | 1 passed | 2026-01-01 |\n\n" + rowsEnd + "\nmore\n"
	day := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	one := gotest.Counts{Passed: 1}
	got, err := updated(page, []results{
		{"v1.33.13", day, []gotest.Counts{{Passed: 60, Skipped: 1}, one, {Failed: 1}}},
		{"v1.37.2", day, []gotest.Counts{{Passed: 61}, one, one}},
	})
	want := "text\n" + rowsBegin + "\n\n" + head +
		"| v1.33.13 | 60 passed, 1 skipped | 1 passed | 0 passed, **1 failed** | 2026-11-28 |\n" +
		"| v1.37.2 | 61 passed | 1 passed | 1 passed | 2026-11-28 |\n\n" + rowsEnd + "\nmore\n"
	if err != nil || got != want {
		t.Errorf("%v:\n%s\nwant\n%s", err, got, want)
	}
	if _, err := updated("no table", nil); err == nil || !strings.Contains(err.Error(), rowsBegin) {
		t.Errorf("a page without a table: %v", err)
	}
}
