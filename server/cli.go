package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // a mistake in the arguments or in the configuration
)

// commands are the sub-commands; serve is the one that runs when none is named.
type commands struct {
	Serve     serveCommand     `cmd:"" default:"withargs" help:"Serve the API and deliver callbacks."`
	Demo      demoCommand      `cmd:"" help:"Show the main job end to end, in a temporary data folder and with receivers of its own."`
	Receive   receiveCommand   `cmd:"" help:"Play a receiver of callbacks: print what arrives."`
	Bootstrap bootstrapCommand `cmd:"" help:"Make the first account with its Admin, and a project; print their ids and a link to log in. A second time it prints the same ids."`
	Token     tokenCommand     `cmd:"" help:"Make a session of a user and print its token."`
	LoginLink loginLinkCommand `cmd:"" help:"Print a link that logs a user in at the console, once, within 10 minutes."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database's schema up to date, or show its state."`
	Config    configCommand    `cmd:"" help:"Print the effective configuration, secrets masked."`
	Health    healthCommand    `cmd:"" help:"Ask a running server whether it is ready; exit status 0 if so."`
	Diagnose  diagnoseCommand  `cmd:"" help:"Look at the way from this machine to a receiver: URL, DNS, addresses, TCP, TLS. It sends no request."`
	Version   versionCommand   `cmd:"" help:"Print the version, and what it was built from."`

	PrintVersion kong.VersionFlag `name:"version" help:"As the command version."`
}

// environment is what a command runs in.
type environment struct {
	ctx    context.Context //nolint:containedctx // the commands' Run methods take one argument
	env    []string
	stdout io.Writer
	stderr io.Writer
}

// execute is the program without its process: arguments and environment in, exit status out.
func execute(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	var c commands
	status := -1
	parser, err := kong.New(&c,
		kong.Name("ringback"), kong.Description("Ringback tells customers and partners when their work is finished."),
		kong.Vars{"version": strings.TrimSuffix(buildText(), "\n")}, kong.Help(printHelp),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { status = code }))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if status >= 0 { // --help and --version have printed themselves
		return status
	}
	if err != nil {
		fmt.Fprintf(stderr, "ringback: %v\nTry: ringback --help\n", err)
		return exitUsage
	}
	err = command.Run(&environment{ctx: ctx, env: env, stdout: stdout, stderr: stderr})
	var problems configProblems
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &problems):
		fmt.Fprintln(stderr, problems)
		return exitUsage
	default:
		fmt.Fprintln(stderr, "ringback:", err)
		return exitFailed
	}
}

// printHelp ends the help on the whole program with the variables, by which it is configured.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if ctx.Selected() == nil {
		fmt.Fprint(ctx.Stdout, "\nEnvironment, with the defaults:\n"+variablesHelp())
	}
	return nil
}

// newLogger writes to stderr: text where a person watches, JSON elsewhere.
func newLogger(format string, w io.Writer) *slog.Logger {
	if format == "" {
		format = "json"
		if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			format = "text"
		}
	}
	if format == "text" {
		return slog.New(slog.NewTextHandler(w, nil))
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

type configCommand struct{}

// Run prints the configuration.
func (configCommand) Run(e *environment) error {
	cfg, err := parseConfig(e.env)
	if err != nil {
		return err
	}
	for _, warning := range configWarnings(e.env, cfg) {
		fmt.Fprintln(e.stderr, "ringback: warning:", warning)
	}
	for _, line := range cfg.lines() {
		fmt.Fprintln(e.stdout, line)
	}
	return nil
}
