# Checks for goroutine leaks, on your machine and in any CI that calls make. In your Makefile: include leakgate.mk
# Then: make leakcheck, or make leakcheck LEAKCHECK_PACKAGES=./worker LEAKCHECK_FLAGS='--fail-on warning'

LEAKGATE_VERSION := 0.1.0
LEAKGATE ?= leakgate
LEAKCHECK_PACKAGES ?= ./...
LEAKCHECK_FLAGS ?=
GO ?= go

.PHONY: leakcheck
leakcheck:
	@command -v $(LEAKGATE) >/dev/null || { \
		echo "leakgate is not on the PATH: cargo install --locked --git https://github.com/leakgate/leakgate --tag v$(LEAKGATE_VERSION)" >&2; exit 2; }
	$(LEAKGATE) run $(LEAKCHECK_FLAGS) -- $(GO) test $(LEAKCHECK_PACKAGES)
