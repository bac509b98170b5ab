// Command ringback serves Ringback: the GraphQL API, the workers that deliver callbacks, and the commands around them.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // account time zones work on machines without a zone database

	redislog "github.com/redis/go-redis/v9/logging"
)

func main() {
	// net/http writes what it could not tell anybody else here, with text that a receiver chose.
	log.SetOutput(io.Discard)
	// go-redis writes dozens of lines a second past our log while Redis is away. What it says reaches our log as errors
	// too.
	redislog.Disable()
	info, _ := debug.ReadBuildInfo()
	version = moduleVersion(version, info)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := execute(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
