package main

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// loadFlags are those of the commands that drain.
type loadFlags struct {
	Callbacks  int `name:"n" short:"n" default:"${callbacks}" help:"Callbacks."`
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

type drainCommand struct {
	loadFlags `set:"callbacks=20000"`
}

// Run measures how fast callbacks are accepted and delivered.
func (c drainCommand) Run(b *bench) error {
	return b.compare("drain", []variant{{roles: []string{roleAll}}}, c.load())
}

type bulkCommand struct {
	Callbacks  int `name:"n" short:"n" default:"40000" help:"Callbacks."`
	Publishers int `default:"8" help:"Publishers at a time."`
	At         int `default:"50" help:"Crawls in one mutation."`
}

// Validate is called by kong.
func (c bulkCommand) Validate() error {
	if c.Publishers < 1 || c.At < 1 || c.At > 500 || c.Callbacks < c.At {
		return errors.New("-publishers must be at least 1, -at between 1 and 500, -n at least -at")
	}
	return nil
}

// Run measures how fast callbacks are accepted, many in one mutation, and delivered.
func (c bulkCommand) Run(b *bench) error {
	return b.compare("bulk", []variant{{roles: []string{roleAll}}}, floodOfMany(c.Callbacks, c.Publishers, c.At))
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
	loadFlags `set:"callbacks=20000"`

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

type rolesCommand struct {
	loadFlags `set:"callbacks=20000"`
}

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

// maxAnswer is well within what the server waits for an answer.
const maxAnswer = 20 * time.Second

type slowCommand struct {
	loadFlags `set:"callbacks=5000"`

	Answer []time.Duration `default:"20ms,50ms,200ms,1s" help:"How long the receiver takes to answer, one variant each."`
}

// Validate is called by kong.
func (c slowCommand) Validate() error {
	if slices.ContainsFunc(c.Answer, func(after time.Duration) bool { return after <= 0 || after > maxAnswer }) {
		return errors.New("-answer must be more than 0 and at most 20s")
	}
	return c.loadFlags.Validate()
}

// Run compares a receiver that answers at once with one that takes its time.
func (c slowCommand) Run(b *bench) error {
	const rate = 1000
	variants := make([]variant, 0, len(c.Answer)+1)
	for _, after := range append([]time.Duration{0}, c.Answer...) {
		variants = append(variants, variant{
			name: "answers after " + after.String(), roles: []string{roleAll}, rampTo: rate,
			sites: []site{{endpoint: endpoint{host: address(1), after: after}}},
		})
	}
	variants[0].name = "answers at once"
	return b.compare("slow", variants, c.load())
}

type manyCommand struct {
	loadFlags `set:"callbacks=20000"`

	Hosts    int           `default:"1000" help:"Hosts, with a project each."`
	Accounts int           `default:"100" help:"Accounts that they belong to."`
	Hanging  int           `default:"100" help:"One in so many hosts never answers; 0: none."`
	Rate     int           `default:"100" help:"Callbacks a second, at the steady rate."`
	Duration time.Duration `default:"20s" help:"How long, at the steady rate."`
}

// Validate is called by kong.
func (c manyCommand) Validate() error {
	if c.Hosts < 1 || c.Hosts > 60_000 || c.Accounts < 1 || c.Accounts > c.Hosts || c.Hanging < 0 || c.Hanging == 1 {
		return errors.New("-hosts must be between 1 and 60000, -accounts between 1 and -hosts, -hanging 0 or at least 2")
	}
	return errors.Join(c.loadFlags.Validate(), steadyCommand{c.Rate, c.Duration}.Validate())
}

// Run compares many hosts with one that answers at once, as fast as it goes and at a steady rate.
func (c manyCommand) Run(b *bench) error {
	variants := []variant{
		{name: "one host", roles: []string{roleAll}, sites: []site{{endpoint: endpoint{host: address(1)}}}},
		{name: strconv.Itoa(c.Hosts) + " hosts", roles: []string{roleAll}, sites: manyHosts(c.Hosts, c.Accounts, c.Hanging)},
	}
	if err := b.compare("many", variants, c.load()); err != nil {
		return err
	}
	for k := range variants {
		variants[k].name += ", steady"
	}
	return b.compare("many", variants, stream(c.Rate, c.Duration))
}

type sharedCommand struct {
	Sick     string        `enum:"hang,fail" default:"hang" help:"What the other project's receiver does: it never answers, or answers 500 at once (${enum})."`
	Rate     int           `default:"25" help:"Callbacks a second, of each project."`
	Duration time.Duration `default:"20s" help:"How long."`
	Grace    time.Duration `default:"10s" help:"How long is waited afterwards for what has not arrived."`
}

// Validate is called by kong.
func (c sharedCommand) Validate() error {
	if c.Grace <= 0 {
		return errors.New("-grace must be more than 0")
	}
	return steadyCommand{c.Rate, c.Duration}.Validate()
}

// Run compares a project beside one that fails with the same alone.
func (c sharedCommand) Run(b *bench) error {
	l := stream(c.Rate, c.Duration)
	healthy := variant{roles: []string{roleAll}, sites: []site{{endpoint: endpoint{host: address(1)}}}, grace: c.Grace}
	sick := endpoint{host: address(1), hangs: true}
	if c.Sick == "fail" {
		sick = endpoint{host: address(1), status: http.StatusInternalServerError}
	}
	alone, oneAccount, twoAccounts := healthy, healthy, healthy
	alone.name, oneAccount.name, twoAccounts.name = "alone", "one account", "two accounts"
	oneAccount.beside = &side{site: site{endpoint: sick}, load: l}
	twoAccounts.beside = &side{site: site{endpoint: sick, account: 1}, load: l}
	return b.compare("shared", []variant{alone, oneAccount, twoAccounts}, l)
}

type floodCommand struct {
	loadFlags `set:"callbacks=100000"`

	Answer   time.Duration `default:"20ms" help:"How long both receivers take to answer."`
	Rate     int           `default:"100" help:"Callbacks a second, of the other account."`
	Duration time.Duration `default:"20s" help:"How long."`
	Grace    time.Duration `default:"10s" help:"How long is waited afterwards for what has not arrived."`
}

// Validate is called by kong.
func (c floodCommand) Validate() error {
	if c.Answer <= 0 || c.Answer > maxAnswer {
		return errors.New("-answer must be more than 0 and at most 20s")
	}
	return errors.Join(
		c.loadFlags.Validate(), sharedCommand{Rate: c.Rate, Duration: c.Duration, Grace: c.Grace}.Validate(),
	)
}

// Run compares an account beside another one's flood with the same alone.
func (c floodCommand) Run(b *bench) error {
	alone := variant{
		name: "alone", roles: []string{roleAll}, sites: []site{{endpoint: endpoint{host: address(1), after: c.Answer}}},
		grace: c.Grace,
	}
	beside := alone
	beside.name = "beside the flood"
	beside.beside = &side{
		site: site{endpoint: endpoint{host: address(2), after: c.Answer}, account: 1}, load: c.load(), queued: true,
	}
	return b.compare("flood", []variant{alone, beside}, stream(c.Rate, c.Duration))
}
