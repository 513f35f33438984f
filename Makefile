# Namesake. `make help` says what there is.
SHELL = /bin/bash
.SHELLFLAGS = -o pipefail -c
CONFIGURATION ?= debug
PROGRAMS = .build/$(CONFIGURATION)
PRODUCTS = namesake-simulator namesake-server namesake-agent namesake-agent-sync namesake-agent-local \
    namesake-agent-inspect

.DEFAULT_GOAL := help
.PHONY: help packages build test worlds torture lint demo bench package package-test fuzz clean

help:
	@echo 'make demo    build, then run the main job on this machine (KEEP=1 leaves it running, ROUTE=partial|kerberos takes another route)'
	@echo 'make test    build and run all tests'
	@echo 'make worlds  simulate 10,000 random schedules over fifty machines (COUNT=100 FIRST=1: other seeds)'
	@echo 'make torture those worlds, the whole crash matrix, and a look for a false blank in 100,000 wiped disks (an hour or two)'
	@echo 'make lint    formatting and warnings, strict'
	@echo 'make build   build the programs into .build/debug (CONFIGURATION=release for a release)'
	@echo 'make bench   measure: check, requests and handshakes of the in-place job, inspect, the simulator's fleet'
	@echo 'make fuzz          run the fuzzers on their corpus (SECONDS=600: ten minutes more, each)'
	@echo 'make package       the agent as .deb, and .rpm where rpmbuild is, into .build/packages'
	@echo 'make package-test  install, run and purge that .deb in a bare Debian (root; debootstrap)'
	@echo 'make clean   remove what was built'
	@echo 'Debian packages that are missing are installed first; root is asked for only then.'

packages:
	@packaging/install-build-packages

build: packages
	@for product in $(PRODUCTS); do swift build -c $(CONFIGURATION) --product $$product || exit 1; done

# Most tests start a server and a firmware: more of them at once than the processors carry only run into time limits.
AT_ONCE = --experimental-maximum-parallelization-width $(shell echo $$(($$(nproc) * 3)))

test: packages
	@packaging/install-test-clients || echo 'PyPI cannot be reached: tests with clients from there skip'
	swift build --build-tests
	packaging/watch-tests swift test --skip-build --disable-xctest $(AT_ONCE)

lint: packages
	swift format lint --strict -r Sources Tests Package.swift
	@git ls-files 'Sources/*.swift' 'Tests/*.swift' | xargs wc -l | \
	    awk '$$2 != "total" && $$1 > 400 { print "long: " $$2 " has " $$1 " lines" }'

COUNT = 10000
FIRST = 1

worlds: packages
	swift build -c release --product Worlds
	.build/release/Worlds $(COUNT) $(FIRST)

torture: worlds
	swift build -c release --product FalseBlanks
	.build/release/FalseBlanks 100000
	NAMESAKE_MATRIX=all swift test --disable-xctest --filter SimulationTests

demo: build
	@packaging/demo/demo $(PROGRAMS)

bench: packages
	@for product in $(PRODUCTS); do \
	    swift build -c release --static-swift-stdlib --product $$product || exit 1; done
	swift build -c release --product Benchmarks
	.build/release/Benchmarks

FUZZERS = FuzzHostInterface:host-interface FuzzPortForwarding:port-forwarding FuzzHiveReplay:hive-replay FuzzFAT:fat \
    FuzzTables:tables FuzzSignatures:signatures
SECONDS = 0

fuzz: packages
	swift build -c release --package-path Fuzz --scratch-path .build/fuzz --sanitize fuzzer --sanitize address
	@for pair in $(FUZZERS); do \
	    corpus=Fuzz/Corpus/$${pair#*:}; mkdir -p .build/fuzz/found/$${pair#*:}; \
	    if [ $(SECONDS) -gt 0 ]; then limit=-max_total_time=$(SECONDS); else limit=-runs=0; fi; \
	    .build/fuzz/release/$${pair%:*} $$limit -print_final_stats=1 .build/fuzz/found/$${pair#*:} $$corpus || exit 1; done

AGENT_PRODUCTS = namesake-agent namesake-agent-sync namesake-agent-local namesake-agent-inspect

package: packages
	@for product in $(AGENT_PRODUCTS); do \
	    swift build -c release --static-swift-stdlib --product $$product || exit 1; done
	@packaging/make-packages .build/release .build/packages

package-test:
	@packaging/test-deb .build/packages

clean:
	rm -rf .build
