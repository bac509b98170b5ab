// Package store keeps the domain in a database: Postgres, or SQLite for the embedded default. It is the only package that
// knows gorm. Both databases run the same code; where their SQL differs, a function says so.
//
// Times are stored as microseconds since 1970, UTC. Header values and signing secrets are sealed with AES-256-GCM.
package store
