// Package graph is the GraphQL API: thin resolvers that read the input, make one domain call and wrap the answer.
// generated.go and models_gen.go come from schema.graphqls by `go tool gqlgen generate`.
package graph
