// Package rest is the REST API: a few doors to the use-cases of models, in the shapes that clients of other services
// know. openapi.json describes them; a test holds the two together.
//
// A door is three moves: read the request, make one call of the domain, shape the answer. What all doors share is in
// handler.go: who calls, which project is meant, how large a body may be, and how an error looks.
package rest
