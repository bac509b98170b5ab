package jobs

import (
	"context"
	"fmt"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/receiver"
)

// Remedies of receivers that take what they should not.
const (
	verifySignature = "Verify the header webhook-signature with the project's or SSO client's signing secret before " +
		"anything else, and answer 401 where it is not right: anybody who knows the URL can send such a request."
	verifyTimestamp = "Answer 401 where webhook-timestamp is more than five minutes away from the receiver's clock: who has " +
		"recorded a request can send it again, and each attempt and replay of ours has a new one."
	// verifyBoth is of a receiver that takes both, for one reason.
	verifyBoth = "Verify the header webhook-signature, and with it webhook-timestamp, as a library for Standard Webhooks does, with the " +
		"project's or SSO client's signing secret before anything else, and answer 401 where it is not right: as it is, anybody who " +
		"knows the URL can send such requests."
)

// atSignature sends what a receiver should not take: always both, for what it does with one says nothing of the other.
func (x *examiner) atSignature() receiver.Step {
	half, cancel := context.WithTimeout(x.ctx, x.of.Left()/2) // who does not answer one may answer the other
	defer cancel()
	forged := x.try(half, x.of.Forged, "a request with a wrong signature")
	stale := x.try(x.ctx, x.of.Stale, "one that was signed a day ago")
	step := receiver.Step{Status: receiver.StepWarning, Detail: forged.said + ", and " + stale.said}
	switch {
	case forged.took && stale.took:
		step.Detail, step.Remedy = "it does not check signatures: "+step.Detail, new(verifyBoth)
	case forged.took:
		step.Remedy = new(verifySignature)
	case stale.took:
		step.Remedy = new(verifyTimestamp)
	case forged.unknown || stale.unknown:
		step.Status = receiver.StepSkipped
	default:
		step.Status = receiver.StepOK
	}
	return step
}

// verdict is what a receiver did with a request that it should have refused.
type verdict struct {
	took, unknown bool
	said          string
}

func (x *examiner) try(ctx context.Context, request func(userAgent string) (receiver.Sending, error), what string) verdict {
	t := x.send(ctx, request)
	status := fmt.Sprintf(" (status %d)", t.response.Status)
	switch {
	case t.failure == nil:
		return verdict{took: true, said: "it took " + what + status}
	case t.response.Status != 0:
		return verdict{said: "it refused " + what + status}
	case t.failure.Code == callback.ConnectionReset: // which some refuse by
		return verdict{said: "it refused " + what + " (it closed the connection)"}
	default:
		return verdict{unknown: true, said: "whether it takes " + what + " is not known: " + t.failure.Message}
	}
}
