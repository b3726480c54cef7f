# The doors of the repository. Each does its own set-up: on a fresh Debian 12 with Rust, run as root,
#   make demo    verifies the three examples
#   make test    runs every test
#   make test-svm  runs the tests of guests on KVM in an emulated machine with SVM
#   make bench   measures; GROUP=core for one group of figures
#   make lint    formatting and clippy
#   make fuzz    texts that nobody wrote, ten minutes of one processor; MINUTES=10, MUTANTS=20000
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PACKAGES := build-essential pkg-config libz3-dev python3-venv openvswitch-switch graphviz
VENV     := target/venv
RDCLC    := target/release/rdclc

.PHONY: help setup demo test test-svm bench lint fmt fuzz

MUTANTS  ?= 20000
MINUTES  ?= 10

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))

# System packages: only those that are missing, and only where there is an apt.
target/.packages: Makefile
	@mkdir -p target
	@if command -v apt-get >/dev/null; then \
	  missing=(); for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || missing+=($$p); done; \
	  if (($${#missing[@]})); then \
	    become=; [ "$$(id -u)" = 0 ] || become=sudo; \
	    $$become apt-get update -q && \
	    $$become env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$${missing[@]}"; \
	  fi; \
	else echo "no apt-get here: these packages are needed: $(PACKAGES)"; fi
	@touch $@

# Python judges: a virtual environment made by uv, or by venv and pip where uv cannot be had.
target/.venv: tests/judges/requirements.txt target/.packages
	@if ! command -v uv >/dev/null && [ ! -x target/bootstrap/bin/uv ]; then \
	  python3 -m venv target/bootstrap && target/bootstrap/bin/pip install -q uv || true; \
	fi
	@uv=$$(command -v uv || echo target/bootstrap/bin/uv); \
	if [ -x "$$uv" ]; then \
	  { [ -x $(VENV)/bin/python ] || "$$uv" venv -q $(VENV); } && \
	  "$$uv" pip install -q --python $(VENV)/bin/python -r $<; \
	else \
	  { [ -x $(VENV)/bin/pip ] || python3 -m venv $(VENV); } && $(VENV)/bin/pip install -q -r $<; \
	fi
	@touch $@

setup: target/.packages target/.venv

demo: target/.packages
	@cargo build --release --quiet -p rdclc
	@.ci/demo $(RDCLC)

test: setup
	@.ci/counted cargo test --workspace --no-fail-fast
	@$(MAKE) --no-print-directory lint

# Hosts that virtualise in software hide faults; this is KVM as its manuals describe it.
test-svm:
	@.ci/counted runtime/vmm/svm/run.sh

bench: target/.packages
	@cargo build --release --quiet -p rdclc
	@cargo run --release --quiet -p xtask -- bench $(GROUP)

fuzz: target/.packages
	@FUZZ_MINUTES=$(MINUTES) cargo test --quiet --release -p rdclc --test fixtures -- fuzz --nocapture
	@MUTANTS=$(MUTANTS) cargo test --quiet --release -p rdclc --test fixtures -- bad-input/mutants

# Components that are not installed are said to be missing, not skipped in silence.
lint: target/.packages
	@if cargo fmt --version >/dev/null 2>&1; then cargo fmt --all --check; else echo "skipped: no cargo fmt here"; fi
	@if cargo clippy --version >/dev/null 2>&1; then \
	  cargo clippy --quiet --workspace --all-targets -- -D warnings; \
	else echo "skipped: no cargo clippy here"; fi

fmt:
	@cargo fmt --all
