package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models/callback"
)

type diagnoseCommand struct {
	URL string `arg:"" help:"Where callbacks go, as it is configured."`
}

// errUnreachable ends a diagnosis that has shown why.
var errUnreachable = errors.New("no callback from this machine arrives there")

// Run looks at the way from this machine to a receiver, by the configuration that is in force here, and sends no
// request.
func (c diagnoseCommand) Run(e *environment) error {
	cfg, err := parseConfig(e.env)
	if err != nil {
		return err
	}
	passable := newClient(cfg).Probe(e.ctx, c.URL, func(step egress.Step) {
		fmt.Fprintf(e.stdout, "%-12s %-7s %6d ms  %s\n",
			step.Stage, step.Status, step.Duration.Round(time.Millisecond).Milliseconds(), step.Detail)
		if remedy := remedyOf(step); remedy != "" {
			fmt.Fprintf(e.stdout, "%s-> %s\n", strings.Repeat(" ", 21), remedy)
		}
	})
	if !passable {
		return errUnreachable
	}
	return nil
}

// remedyOf says what to do about a step: what it says itself, or else what its cause tells.
func remedyOf(step egress.Step) string {
	if step.Remedy != "" || step.Cause == "" {
		return step.Remedy
	}
	// The words of egress's causes and flaws are those of the domain's.
	return *callback.RemedyOf(&callback.AttemptError{Code: callback.AttemptErrorCode(step.Cause)}, callback.Flaw(step.Flaw), nil)
}
