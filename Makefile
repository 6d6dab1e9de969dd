# Builds read what they need of the database from .sqlx, so they need no database.
export SQLX_OFFLINE := true
# rustup and `cargo install` put programs here; the shell may not have it on its PATH yet.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

kosmo := $(or $(CARGO_TARGET_DIR),target)/debug/kosmo

.DEFAULT_GOAL := help
.PHONY: help demo demo-clean test check bench sqlx build

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: build ## run the product with five unions and demo people; Ctrl-C ends it
	@exec $(kosmo) demo

demo-clean: build ## delete the demo's database, mails and people
	@$(kosmo) demo --clean

test: ## run all tests, the browser's too
	@infra/dev/setup.sh test
	@bash -c 'TIMEFORMAT="built and tested in %0lR"; time infra/dev/postgres.sh with cargo nextest run'

check: ## formatting, offline SQL data, clippy, unused dependencies
	@infra/dev/setup.sh check
	cargo fmt --check
	infra/dev/sqlx.sh --check
	cargo clippy --all-targets -- -D warnings
	cargo machete

bench: ## measure imports, pages, files, sign-ins and floods; PART=flood only that
	@infra/dev/setup.sh bench
	cargo bench --bench kosmo -- $(PART)

sqlx: ## write .sqlx anew, after a change of migrations or queries
	@infra/dev/setup.sh run
	@infra/dev/sqlx.sh

# This also builds a test, because dev-dependencies change the features of other crates: so `make
# test` finds all dependencies compiled. `house` is the smallest test.
build:
	@infra/dev/setup.sh run
	@cargo build --bin kosmo --test house
