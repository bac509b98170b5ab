package main

import (
	"errors"
	"time"
)

// loadFlags are those of the commands that drain.
type loadFlags struct {
	Callbacks  int `name:"n" short:"n" default:"20000" help:"Callbacks."`
	Publishers int `default:"32" help:"Publishers at a time."`
}

// Validate is called by kong.
func (l loadFlags) Validate() error {
	if l.Callbacks < 1 || l.Publishers < 1 {
		return errors.New("-n and -publishers must be at least 1")
	}
	return nil
}

func (l loadFlags) load() load { return flood(l.Callbacks, l.Publishers) }

type drainCommand struct{ loadFlags }

// Run measures how fast callbacks are accepted and delivered.
func (c drainCommand) Run(b *bench) error {
	return b.compare("drain", []variant{{roles: []string{roleAll}}}, c.load())
}

type steadyCommand struct {
	Rate     int           `default:"100" help:"Callbacks a second."`
	Duration time.Duration `default:"20s" help:"How long."`
}

// Validate is called by kong.
func (c steadyCommand) Validate() error {
	if c.Rate < 1 || c.Rate > 100_000 || c.Duration <= 0 {
		return errors.New("-rate must be between 1 and 100000, -duration more than 0")
	}
	return nil
}

// Run measures how long a callback takes when there is no hurry.
func (c steadyCommand) Run(b *bench) error {
	return b.compare("steady", []variant{{roles: []string{roleAll}}}, stream(c.Rate, c.Duration))
}

type neighbourCommand struct {
	loadFlags

	Finished int `default:"1000000" help:"Callbacks that have ended."`
	Waiting  int `default:"100000" help:"Callbacks that wait for a retry next month, on 100 hosts."`
}

// Validate is called by kong.
func (c neighbourCommand) Validate() error {
	if c.Finished < 0 || c.Waiting < 0 {
		return errors.New("-finished and -waiting must not be negative")
	}
	return c.loadFlags.Validate()
}

// Run compares an empty database with a full one.
func (c neighbourCommand) Run(b *bench) error {
	fill := func(b *bench, i *installation) error { return b.fill(i, c.Finished, c.Waiting) }
	return b.compare("neighbour", []variant{
		{name: "empty database", roles: []string{roleAll}},
		{name: "full database", roles: []string{roleAll}, prepare: fill},
	}, c.load())
}

type rolesCommand struct{ loadFlags }

// Run compares one process with three.
func (c rolesCommand) Run(b *bench) error {
	if b.Engine == embedded {
		return errors.New("roles: processes share Postgres and Redis; the embedded engine has one process")
	}
	return b.compare("roles", []variant{
		{name: "one process", roles: []string{roleAll}},
		{name: "one api, two workers", roles: []string{roleAPI, roleWorker, roleWorker}},
	}, c.load())
}
