// Command bench measures Ringback on this machine, from the outside: it plays the platform's back end and the
// customer's receiver, and starts the server as processes of their own, on a fresh database and with a queue of their
// own.
//
//	go run ./bench drain
//	go run ./bench steady -engine embedded -rate 100
//
// Each run prints a table and one line of JSON. The exit status is 1 when a callback was lost or something broke, never
// because something was slow.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	redislog "github.com/redis/go-redis/v9/logging"
)

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // lost or broken
	exitUsage  = 2
)

// Engines that the server runs on.
const (
	onPostgres = "postgres" // and Redis
	embedded   = "embedded" // SQLite and a Redis in the process
)

// settings are the flags of every command.
type settings struct {
	Engine      string        `enum:"postgres,embedded" default:"postgres" help:"What the server runs on (${enum})."`
	DatabaseURL string        `name:"database-url" default:"postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable" help:"Postgres in which each run makes a database and drops it."`
	RedisURL    string        `name:"redis-url" default:"redis://127.0.0.1:6379/0" help:"Redis in which each run has a queue of its own."`
	Binary      string        `help:"Server to measure, such as that of another commit; empty: built from this one."`
	Env         []string      `sep:"none" help:"NAME=VALUE for the server's environment; may be given several times."`
	Rounds      int           `default:"1" help:"How often everything is measured. Ratios are those of the medians."`
	Baseline    time.Duration `default:"2s" help:"How long straight posts are measured before each run."`
	Clients     int           `default:"2048" help:"How many straight posts at a time show what the receivers of slow, many, shared, flood and replay can take at least."`
	Patience    time.Duration `default:"60s" help:"What has not arrived when nothing arrived for so long is lost. The first retries come after 5 s."`
}

// Validate is called by kong.
func (s settings) Validate() error {
	switch {
	case !strings.HasPrefix(s.RedisURL, "redis://"):
		return errors.New("-redis-url must begin with redis://")
	case s.Rounds < 1 || s.Clients < 1:
		return errors.New("-rounds and -clients must be at least 1")
	case slices.ContainsFunc(s.Env, func(pair string) bool { return !strings.Contains(pair, "=") }):
		return errors.New("-env must be NAME=VALUE")
	}
	return nil
}

// commands are the measurements.
type commands struct {
	settings

	Drain drainCommand `cmd:"" help:"Publish as fast as it goes until the last callback has arrived."`

	Bulk      bulkCommand      `cmd:"" help:"The same for many crawls in one mutation."`
	Steady    steadyCommand    `cmd:"" help:"Publish at a steady rate, and measure from publish to arrival."`
	Idle      idleCommand      `cmd:"" help:"What one process costs that has nothing to do."`
	History   historyCommand   `cmd:"" help:"Read pages of a short and of a long history."`
	Neighbour neighbourCommand `cmd:"" help:"Drain beside a long history and many waiting callbacks, and with neither."`
	Roles     rolesCommand     `cmd:"" help:"Drain with one process, and with one api and two workers."`
	Slow      slowCommand      `cmd:"" help:"Drain to a receiver that takes its time, and to one that answers at once."`
	Many      manyCommand      `cmd:"" help:"Drain, and publish at a steady rate, to many hosts, of which some never answer, and to one that answers at once."`
	Shared    sharedCommand    `cmd:"" help:"Publish to a project on whose host and port another one fails, of the same account or of another, and alone."`
	Flood     floodCommand     `cmd:"" help:"Publish at a steady rate for one account while very many callbacks of another wait, and alone."`
	Replay    replayCommand    `cmd:"" help:"Publish at a steady rate beside a bulk replay of the same account to the same receiver, and alone."`
}

// bench is what all commands share.
type bench struct {
	settings

	ctx    context.Context //nolint:containedctx // the commands' Run methods take one argument
	stdout io.Writer
	stderr io.Writer
	dir    string // gone at the end
}

func main() {
	redislog.Disable() // what matters reaches us as errors
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is the program without its process: arguments in, exit status out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commands
	status := -1
	parser, err := kong.New(&c,
		kong.Name("bench"), kong.Description("Measures Ringback on this machine."),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { status = code }))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	command, err := parser.Parse(twoDashes(args))
	if status >= 0 { // --help has printed itself
		return status
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\nTry: go run ./bench --help\n", err)
		return exitUsage
	}
	b := &bench{settings: c.settings, ctx: ctx, stdout: stdout, stderr: stderr}
	if err := b.prepare(); err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return exitFailed
	}
	err = errors.Join(command.Run(b), os.RemoveAll(b.dir))
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return exitFailed
	}
	return exitOK
}

// twoDashes lets flags be written as Go's own tools have them: -engine for --engine.
func twoDashes(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if out[i] = arg; len(arg) > 2 && arg[0] == '-' && arg[1] != '-' {
			out[i] = "-" + arg
		}
	}
	return out
}

// prepare makes the temporary folder, and builds the server unless one was given.
func (b *bench) prepare() error {
	dir, err := os.MkdirTemp("", "ringback-bench-")
	if err != nil {
		return err
	}
	b.dir = dir
	if b.Binary != "" {
		b.Binary, err = filepath.Abs(b.Binary)
		return err
	}
	b.Binary = filepath.Join(dir, "ringback")
	return build(b.ctx, b.Binary)
}

// build makes the server of this module.
func build(ctx context.Context, path string) error {
	text, err := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/ringback/ringback/server").CombinedOutput() //nolint:gosec // G204: the path is our own
	if err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, text)
	}
	return nil
}

// note tells the person who waits what goes on.
func (b *bench) note(format string, args ...any) {
	fmt.Fprintf(b.stderr, format+"\n", args...)
}
