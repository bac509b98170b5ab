package callback

// SkipReason says why a callback that was matched is not replayed.
type SkipReason string

// Reasons.
const (
	SkipTest           SkipReason = "TEST"
	SkipReplay         SkipReason = "REPLAY" // it is a replay itself
	SkipNotEnded       SkipReason = "NOT_ENDED"
	SkipPayloadPurged  SkipReason = "PAYLOAD_PURGED"
	SkipReplayedEnough SkipReason = "REPLAYED_ENOUGH" // MaxReplays times
	SkipNotice         SkipReason = "NOTICE"          // which are the platform's to replay
	SkipNoURL          SkipReason = "NO_CALLBACK_URL"
	SkipProjectDeleted SkipReason = "PROJECT_DELETED"
	SkipUnreadable     SkipReason = "UNREADABLE" // its headers, or those of its target
	SkipPurged         SkipReason = "PURGED"     // between the count and its turn
)

// SkipReasons returns all reasons.
func SkipReasons() []SkipReason {
	return []SkipReason{
		SkipTest, SkipReplay, SkipNotEnded, SkipPayloadPurged, SkipReplayedEnough, SkipNotice, SkipNoURL,
		SkipProjectDeleted, SkipUnreadable, SkipPurged,
	}
}
