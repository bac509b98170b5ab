package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// CheckURL tells what is wrong with a postgres:// URL, and repeats no part of it that may be a password.
func CheckURL(databaseURL string) error {
	_, err := parsePostgresURL(databaseURL)
	return err
}

// parsePostgresURL has errors of its own: those of pgx repeat the URL, and mask as a password what they take for one.
func parsePostgresURL(databaseURL string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err == nil {
		return config, nil
	}
	bare, parameters, _ := strings.Cut(databaseURL, "?")
	if _, other := pgx.ParseConfig(bare); other == nil && !strings.Contains(parameters, "password") {
		why := errors.Unwrap(err)
		if why == nil { // pgx has no more to say than its message, which repeats the URL
			why = errors.New("one has a value that it cannot have")
		}
		return nil, fmt.Errorf("its parameters, or the files that they name, cannot be used: %w", why)
	}
	return nil, errors.New("cannot be read as postgres://user:password@host:5432/name")
}
