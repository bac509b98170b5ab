package job

import "time"

// UpdatedBody is reached past the use-cases.
var UpdatedBody = updatedBody

// ChangeBy makes a change that is one, else the job stays as it is.
func (j *Job) ChangeBy(in Change, at time.Time) error {
	if err := in.check(); err != nil {
		return err
	}
	return j.change(in, at)
}
