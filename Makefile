# The front door. Every target does a line or two; what is longer lies in scripts/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := all

SCRATCH ?= .build
PREFIX ?= /usr/local
DESTDIR ?=

export SCRATCH
BINDIR := $(PREFIX)/bin
IMAGE := $(SCRATCH)/whoami.tar
PROGRAMS := swiftlet swiftlet-dns
STRIPPED := $(PROGRAMS:%=$(SCRATCH)/%)
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# A target that imports a module which it does not declare is an error.
SWIFT_BUILD := swift build --scratch-path $(SCRATCH) --explicit-target-dependency-import-check error
# A release has libstdc++ and zlib inside, no symbols for others, and looks for libraries where the system has them: a
# fifth of the time of a short command.
STATIC := $(SCRATCH)/static
RELEASE_BUILD := $(SWIFT_BUILD) -c release --static-swift-stdlib --disable-local-rpath -Xswiftc -L$(STATIC) \
  -Xswiftc -Xclang-linker -Xswiftc -static-libgcc -Xlinker --version-script=scripts/exports
SWIFT_FILES := $(wildcard Package.swift Sources Tests Examples Fuzz Bench)
SHELL_FILES := $(filter-out scripts/exports,$(wildcard scripts/* .ci/run Examples/whoami/make-image))

.PHONY: all build release image demo test lint format bench crash fuzz install setup clean help

all: build

## build     build everything for debugging
build: setup
	$(SWIFT_BUILD)

## release   build the optimized programs, with the Swift runtime inside: .build/swiftlet, .build/swiftlet-dns
release: setup
	mkdir -p $(STATIC)
	for library in stdc++ z; do ln -sf "$$(gcc -print-file-name=lib$$library.a)" $(STATIC); done
	for program in $(PROGRAMS); do \
	  $(RELEASE_BUILD) --product $$program; \
	  strip -o $(SCRATCH)/$$program $(SCRATCH)/release/$$program; \
	done

## demo      tell the networking story on a private host
demo: build image
	scripts/demo --podman $(SCRATCH)/debug/swiftlet --image $(IMAGE)

image: setup
	Examples/whoami/make-image $(IMAGE)

## test      run every check: lint, build, tests, demo, host tests, and the exam if it is there
test: setup
	scripts/test

## lint      check the form of the sources and scripts
lint:
	swift format lint --strict --parallel --recursive --configuration .swift-format $(SWIFT_FILES)
	for file in $(SHELL_FILES); do bash -n "$$file"; done
	if command -v shellcheck > /dev/null; then shellcheck --severity=warning $(SHELL_FILES); fi

## format    put the sources into that form
format:
	swift format --in-place --parallel --recursive --configuration .swift-format $(SWIFT_FILES)

## bench     measure
bench: release
	$(AS_ROOT) python3 Bench/bench.py
	$(AS_ROOT) python3 Bench/networks.py
	$(AS_ROOT) python3 Bench/names.py
	$(AS_ROOT) python3 Bench/images.py

## crash     kill commands at every system call that changes something, and look what stays
crash: build
	$(AS_ROOT) python3 Tests/Host/crash.py --all

## fuzz      run the fuzzers, FUZZ_SECONDS each (default: 60)
fuzz:
	scripts/fuzz

## install   install swiftlet, and podman as a link to it unless there is another (PREFIX, DESTDIR)
install: $(if $(filter-out $(wildcard $(STRIPPED)),$(STRIPPED)),release)
	install -D -m 0755 $(SCRATCH)/swiftlet $(DESTDIR)$(BINDIR)/swiftlet
	install -D -m 0755 $(SCRATCH)/swiftlet-dns $(DESTDIR)$(PREFIX)/libexec/swiftlet/swiftlet-dns
	@link=$(DESTDIR)$(BINDIR)/podman; other=$$(command -v podman || true); \
	if [[ -e $$link && ! $$link -ef $(DESTDIR)$(BINDIR)/swiftlet ]]; then other=$$link; fi; \
	if [[ -z $$other || $$other -ef $(DESTDIR)$(BINDIR)/swiftlet ]]; then ln -sfn swiftlet $$link; \
	else echo "$$other is there: no link named podman is made"; fi

## setup     install what building and running need (nothing when it is there)
setup:
	@scripts/setup

## clean     remove what was built
clean:
	rm -rf -- $(SCRATCH) Examples/whoami/.build

## help      this list
help:
	@sed -n 's/^## /  make /p' $(firstword $(MAKEFILE_LIST))
