// Package models is the domain of Ringback, in rooms: models/tenant has accounts, projects, users and what they
// configure, models/callback is the engine, which delivers callbacks, and models/crawl, models/run and models/job are
// what makes them. Here are the words that all of them share, such as ids, pages, errors, URLs and headers, the clock,
// and the actor with what it may do.
//
// None of them knows a database, a queue or an HTTP client; those are ports that other packages implement.
//
// An Actor is one of the words that all rooms share, since every use-case asks it: it has ids, and no entity of the
// tenants.
//
// All times are by the database's clock, which each process reads every few seconds (Clock): what one writes,
// others compare.
package models
