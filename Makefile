# kubectl-nodeport. "make" alone lists the targets.

SHELL := /bin/bash
GO ?= go
BIN := bin/kubectl-nodeport$(shell $(GO) env GOEXE)
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kubectl-nodeport
# As releases are: static, and with cgo it would be 13 MB larger.
BUILD := CGO_ENABLED=0 $(GO)

# The version of a release is its tag; in between it is that of the commit.
VERSION ?= $(or $(shell git describe --tags --match 'v*' --dirty 2>/dev/null),v0.0.0-g$(or $(shell git rev-parse --short HEAD 2>/dev/null),unknown))

COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
# pkg/cli/version.go; releases are built with the same by plugins/release and
# .goreleaser.yaml.
RELEASE := github.com/kubectl-nodeport/kubectl-nodeport/pkg/cli.release=$(VERSION)+$(COMMIT)
# What kubectl calls on Tab.
COMPLETE := kubectl_complete-nodeport$(if $(filter windows,$(shell $(GO) env GOOS)),.cmd)
GOBIN = $(or $(shell $(GO) env GOBIN),$(shell $(GO) env GOPATH | sed 's/:.*//')/bin)
# man looks beside the directories of PATH.
MANDIR ?= $(GOBIN)/../share/man/man1
BUILD_FLAGS := -trimpath -ldflags "-s -w -X $(RELEASE)"

GOLANGCI_LINT_VERSION := v2.13.2
GOLANGCI_LINT := $(CACHE)/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint$(shell $(GO) env GOEXE)

.DEFAULT_GOAL := help
.PHONY: help build install demo test test-unit test-api test-cluster test-versions cover fuzz bench \
	lint fmt vet tidy golangci-lint generate verify-generate workflows images compare dist krew-manifest krew-index test-krew rig-build rig-up rig-down clean

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2} /^##@ / {printf "\n%s\n", substr($$0, 5)}' $(MAKEFILE_LIST)

##@ Build and try

build: ## Build bin/kubectl-nodeport
	$(BUILD) build $(BUILD_FLAGS) -o $(BIN) ./cmd/kubectl-nodeport

install: ## Install kubectl-nodeport, what completes it and its man pages, where "go install" puts programs
	$(BUILD) install $(BUILD_FLAGS) ./cmd/kubectl-nodeport
	@install -m 755 plugins/$(COMPLETE) "$(GOBIN)/$(COMPLETE)"
	@$(GO) run ./plugins/release man -version $(VERSION) -dir "$(MANDIR)"

demo: build ## Make a service, check it, run it and fetch a page from it, without a cluster
	@BIN=$(BIN) testdata/tutorial/demo.sh

##@ Test

# All levels print what they skipped, with the reasons, and end in one line
# "N passed, N failed, N skipped". docs/testing.md explains the levels.
UNIT := ./cmd/... ./pkg/... ./plugins/...
REPORT := $(GO) run ./test/report

# The race detector needs a C compiler; without one, the tests run without it.
RACE := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)
TEST := $(GO) test $(RACE) -json
# One package at a time, as each may run a Kubernetes; and each time anew, as
# their results depend on more than the sources.
TEST_KUBERNETES := $(TEST) -p 1 -count 1 -timeout 60m

test: rig-build ## Run all tests that this machine can run
	@{ $(TEST) $(UNIT); $(TEST_KUBERNETES) ./test/...; } | $(REPORT)

test-unit: ## Run the tests that need nothing but Go
	@$(TEST) $(UNIT) | $(REPORT)

test-api: ## Run the tests against a real kube-apiserver
	@$(TEST_KUBERNETES) ./test/api/... | $(REPORT)

test-cluster: rig-build ## Run the tests on a cluster of network namespaces (root, Linux)
	@$(TEST_KUBERNETES) ./test/e2e/... ./test/docs/... ./test/parity/... ./test/rig/... | $(REPORT)

# Each takes 10 minutes to build on two cores, once, and a few to test; etcd and
# kubectl are those of the pinned version.
VERSIONS ?= v1.30.14 v1.33.13 v1.34.9 v1.35.4 v1.36.3 v1.37.2

test-versions: ## Test the API level and kube-proxy parity with each of VERSIONS of Kubernetes, and write docs/compatibility.md
	@$(GO) run ./test/versions -page docs/compatibility.md $(VERSIONS)

# Nodes need Linux and root; without them, only the API level is built. What
# cannot be built is not tested, and the tests say so themselves.
RIG_LEVEL := $(if $(filter Linux-0,$(shell uname -s)-$(shell id -u)),,-api-only)

rig-build: ## Build the Kubernetes of the tests into the cache, once
	@[ -n "$$NODEPORT_TEST_KUBECONFIG" ] || $(GO) run ./test/rig build $(RIG_LEVEL) || \
		echo "Kubernetes was not built; the tests name those that need it"

rig-up: ## Start a cluster of the tests and leave it running
	@$(GO) run ./test/rig up

rig-down: ## End it
	@$(GO) run ./test/rig down

# The first of these that can be built is used: where a module proxy does not
# have the release that is named, it has an earlier one.
KREW_VERSIONS := v0.5.0 latest
KREW := $(CACHE)/krew-$(firstword $(KREW_VERSIONS))

test-krew: ## Have krew install, upgrade and uninstall the archive; krew is built into the cache where it is not on the PATH
	@command -v kubectl-krew >/dev/null || [ -x $(KREW)/kubectl-krew ] || { \
		for version in $(KREW_VERSIONS); do \
			GOFLAGS= GOBIN=$(KREW) $(GO) install sigs.k8s.io/krew/cmd/krew@$$version && mv $(KREW)/krew $(KREW)/kubectl-krew && break; \
		done; } || echo "krew cannot be installed; the test says that it was skipped"
	@PATH="$$PATH:$(KREW)" $(TEST) -count 1 -timeout 30m -run Krew ./plugins/release | $(REPORT)

cover: ## Measure the unit tests' coverage
	$(GO) test -coverprofile=cover.out -coverpkg=./pkg/... $(UNIT)
	$(GO) tool cover -func=cover.out | tail -n 1

FUZZTIME ?= 10s

fuzz: ## Fuzz each fuzz test for FUZZTIME (10s)
	@set -e; grep -rl --include='*_test.go' '^func Fuzz' pkg | xargs -n 1 dirname | sort -u | while read -r dir; do \
		grep -h -o '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c 6- | while read -r name; do \
			echo "$$dir $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) ./$$dir </dev/null; \
		done; \
	done

bench: ## Measure start-up, size and large clusters beside kubectl, and the engine beside HAProxy, nginx, socat and kube-proxy
	$(GO) run ./test/bench
	$(GO) run ./test/bench/relay
	$(GO) run ./test/bench/change
	$(GO) run ./test/bench/tunnel
	$(GO) run ./test/bench/node

compare: ## Measure other tools beside this one, as docs/comparison.md shows (root, Linux)
	test/compare/run.sh

##@ Check and generate

lint: fmt-check tidy vet golangci-lint verify-generate ## Check format, modules, code and generated files

fmt: ## Format the code
	gofmt -s -w $(GO_DIRS)

GO_DIRS := cmd pkg plugins test

.PHONY: fmt-check
fmt-check:
	@unformatted=$$(gofmt -s -l $(GO_DIRS)); \
	if [ -n "$$unformatted" ]; then printf 'make fmt would change:\n%s\n' "$$unformatted"; exit 1; fi

tidy:
	$(GO) mod tidy -diff

vet:
	GOOS=linux $(GO) vet ./...
	GOOS=darwin $(GO) vet ./...
	GOOS=windows $(GO) vet ./...

# golangci-lint is built once. Where it cannot be had, such as without a network
# on the first run, the other checks stand alone, and the message says so.
golangci-lint:
	@if [ ! -x $(GOLANGCI_LINT) ] && ! { echo "building golangci-lint $(GOLANGCI_LINT_VERSION) into the cache" && \
		GOFLAGS= GOBIN=$(dir $(GOLANGCI_LINT)) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION); }; then \
		echo "SKIPPED: golangci-lint $(GOLANGCI_LINT_VERSION) cannot be installed; gofmt, go vet and pkg/architecture_test.go were all that looked at the code"; \
	else $(GOLANGCI_LINT) run ./...; fi

ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

workflows: ## Check the workflows of GitHub Actions
	GOFLAGS= $(GO) run $(ACTIONLINT)

generate: ## Write the reference from the commands' help, docs/checks.md from the rules, and docs/compatibility.md from the features
	$(GO) test ./pkg/cli -run '^TestReference' -update-reference
	$(GO) test ./pkg/cli -run '^TestChecksPage' -update-docs
	$(GO) test ./pkg/kubernetes -run '^TestThePageListsTheFeatures' -update-docs

verify-generate: ## Check that the generated pages agree with the commands and the rules
	$(GO) test ./pkg/cli -run '^(TestReference|TestChecksPage)'
	$(GO) test ./pkg/kubernetes -run '^TestThePageListsTheFeatures'

images: ## Draw the pages' pictures anew, from what the commands print on the tests' cluster
	$(GO) test ./test/docs -count 1 -run '^TestCommands.*/^images' -update
	$(GO) test ./test/docs -run '^TestPictures' -update

##@ Release

dist: ## Build the release's archives and checksums into dist/
	$(GO) run ./plugins/release archives -version $(VERSION) -commit "$(COMMIT)" -dir dist

krew-manifest: dist ## Write the krew manifest of those archives to dist/nodeport.yaml
	$(GO) run ./plugins/release krew -version $(VERSION) -dir dist -template .krew.yaml

krew-index: ## Write plugins/nodeport.yaml, which makes this repository an index of krew, from the release's dist/checksums.txt
	$(GO) run ./plugins/release krew -version $(VERSION) -dir dist -template .krew.yaml
	cp dist/nodeport.yaml plugins/nodeport.yaml

clean: ## Remove what was built here; the cache stays
	rm -rf bin dist cover.out
