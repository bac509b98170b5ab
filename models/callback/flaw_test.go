package callback_test

import (
	"testing"

	"github.com/ringback/ringback/models/callback"
)

// TestFlawsKeepTheirCodes: they are stored.
func TestFlawsKeepTheirCodes(t *testing.T) {
	t.Parallel()
	for code, flaw := range []callback.Flaw{
		"", "EXPIRED", "NOT_YET_VALID", "WRONG_NAME", "SELF_SIGNED", "UNKNOWN_ISSUER", "MISSING_INTERMEDIATE",
		"CLIENT_CERTIFICATE", "NOT_TLS", "OLD_TLS", "NO_CIPHER", "UNKNOWN_NAME", "HANDSHAKE", "NO_TARGET",
	} {
		if int(flaw.Code()) != code || callback.FlawOf(byte(code)) != flaw {
			t.Errorf("%q has the code %d, and %d is %q", flaw, flaw.Code(), code, callback.FlawOf(byte(code)))
		}
	}
	if callback.Flaw("of a later release").Code() != 0 || callback.FlawOf(31) != "" {
		t.Error("one that is not known is another one")
	}
}
