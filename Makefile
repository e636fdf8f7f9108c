# Everything a reader needs, by name. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PROGRAM := .build/release/promptintern
# What `make run` passes on, for example: make run SERVE_FLAGS="--listen 127.0.0.1:9000"
SERVE_FLAGS ?=

.PHONY: help packages build run test test-clients test-durability fuzz bench lint format smoke clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages: ## Install the Debian packages that are missing
	@scripts/install-packages.sh

build: packages ## Build the release
	swift build -c release --static-swift-stdlib --product promptintern

run: build ## Install, build the release, and serve config/gateway.yaml on 127.0.0.1:8080
	@exec $(PROGRAM) serve --config config/gateway.yaml $(SERVE_FLAGS)

test: packages ## Install, build and run every test
	@scripts/test.sh

test-clients: build ## Try real clients from PyPI (openai, langchain, litellm, …) against the release build
	@scripts/test-clients.sh

test-durability: build ## Kill the release build under load, fill its disk, move its clock, and trace its syncs
	@scripts/test-durability.sh

fuzz: ## Fuzz each reader of hostile input for FUZZ_SECONDS (60)
	@Fuzz/run.sh

bench: ## Print what reading, recognizing and recording cost
	swift run -c release --package-path Benchmarks benchmarks

lint: ## Check the format of every Swift file
	swift format lint --strict -r Sources Tests Package.swift Benchmarks/Package.swift Benchmarks/Sources Fuzz/Package.swift Fuzz/Sources

format: ## Rewrite every Swift file in the format
	swift format format --in-place -r Sources Tests Package.swift Benchmarks/Package.swift Benchmarks/Sources Fuzz/Package.swift Fuzz/Sources

smoke: build ## Start the release build and send it real requests
	@scripts/smoke.sh $(PROGRAM)

clean: ## Remove what was built
	rm -rf .build Benchmarks/.build Fuzz/.build
