// Package scheduler decides which work begins when. It is a state machine: what happened goes in, what is to be done comes out.
package scheduler
