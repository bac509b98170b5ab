# The steps of CI, one by one; .ci/run is all of them. What takes more than a line is a script in .ci.
# ARGS goes to the tests and the linter: make test-postgres ARGS='-run TestName ./models'

ARGS ?=
# The benchmarks of what a callback costs. With TEST_DATABASE_URL on Postgres.
BENCH ?= FormBody|Sign|EffectiveTarget|Claim|Record
BENCHTIME ?= 1s

.PHONY: help run test test-postgres lint generate bench image-check npm console explorer screenshots snapshots ci

help: ## Lists these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

run: ## Serves everything in one process on http://127.0.0.1:8080, with a demo tenant in ./data
	go run ./server

test: ## Runs the tests on SQLite and an in-process Redis; needs nothing but Go
	go test $(or $(ARGS),./...)

test-postgres: ## Runs them on Postgres and Redis with the race detector; starts both, or takes TEST_DATABASE_URL and TEST_REDIS_URL
	.ci/test-postgres $(ARGS)

lint: ## Runs the linter that tools.mod names
	.ci/lint $(ARGS)

generate: ## Makes graph's generated files from the schema, and tidies the modules
	go tool gqlgen generate
	go mod tidy

bench: ## Runs the benchmarks of models; what processes do together measures: go run ./bench
	go test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) ./models/...

image-check: ## Builds what the Dockerfile builds, from what .dockerignore lets through
	TEST_IMAGE=1 go test -count=1 -run '^TestImage' ./server

npm: node_modules/.package-lock.json
node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

console: npm ## Builds the console, which needs npm: what is committed in console/dist, and what is served where it was built
	npm run build --workspace console
	npm run bundle --workspace console

explorer: npm ## Builds the Explorer's files, which need npm; without them they come from a public CDN
	npm run build --workspace server/explorer

screenshots: console ## Takes the pictures of the README anew, of a real server; needs openssl and Chromium
	go build -o data/ringback ./server
	.ci/with-server data/ringback npm run screenshots --workspace console

snapshots: console ## Takes anew the pictures that the console is held to: look at them before they are committed
	go build -o data/ringback ./server
	.ci/with-server data/ringback npm run snapshots --workspace console

ci: ## Runs everything that must hold before a change lands
	.ci/run
