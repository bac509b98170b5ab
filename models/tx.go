package models

import "context"

// InTx runs f in one transaction on a port that is bound to it: f's error, or a failed commit, undoes everything. No
// HTTP request and no enqueue belongs inside.
type InTx[Port any] func(ctx context.Context, f func(Port) error) error
