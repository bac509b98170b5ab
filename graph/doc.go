// Package graph is the GraphQL API: thin resolvers that read the input, make one domain call and wrap the answer.
// generated.go and models_gen.go come from schema.graphqls by `go tool gqlgen generate`.
//
// Values of the type JSON come back as they were given, and so their text goes around gqlparser: arguments.go takes it
// from the body, literals.go writes it for a literal. What gqlparser decodes has numbers rounded or refused, null for
// an empty list within a literal, two replacement characters for an escaped surrogate pair, the variables in a literal
// without their spelling, and nothing that bounds how often a literal repeats one.
package graph
