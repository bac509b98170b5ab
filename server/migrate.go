package main

import (
	"fmt"

	"github.com/ringback/ringback/models/store"
)

type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Apply what is pending."`
	Status migrateStatusCommand `cmd:"" help:"List the migrations and which are applied."`
}

type migrateUpCommand struct{}

// Run applies pending migrations.
func (migrateUpCommand) Run(e *environment) error {
	return withStore(e, func(s *store.Store) error {
		applied, err := s.Migrate(e.ctx)
		for _, m := range applied {
			fmt.Fprintf(e.stdout, "applied %s\n", m.Name)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "up to date: %d applied now\n", len(applied))
		return nil
	})
}

type migrateStatusCommand struct{}

// Run lists migrations.
func (migrateStatusCommand) Run(e *environment) error {
	return withStore(e, func(s *store.Store) error {
		list, err := s.Migrations(e.ctx)
		for _, m := range list {
			state := "pending"
			if m.Applied {
				state = "applied"
			}
			fmt.Fprintf(e.stdout, "%-8s %s\n", state, m.Name)
		}
		return err
	})
}

func withStore(e *environment, do func(*store.Store) error) error {
	cfg, err := parseConfig(e.env)
	if err != nil {
		return err
	}
	s, err := openStore(cfg, newLogger(cfg.LogFormat, e.stderr))
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return do(s)
}
