package callback_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func TestHostIsThatOfTheLaneWhateverItsPortIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		host, url string
		found     bool
	}{
		{"Hooks.example.com", "https://hooks.EXAMPLE.com/hook", true},
		{"hooks.example.com", "http://hooks.example.com/hook", true},
		{"hooks.example.com", "https://hooks.example.com:8443/hook", true},
		{"hooks.example.com:8443", "https://hooks.example.com:8443/hook", true},
		{"2001:db8::1", "https://[2001:db8::1]/hook", true},
		{"[2001:db8::1]", "http://[2001:db8::1]:9/hook", true},
		{"[2001:DB8::1]:8443", "https://[2001:db8::1]:8443/hook", true},
		{"hooks.example.com:8443", "https://hooks.example.com/hook", false},
		{"hooks.example.com", "https://hooks.example.com.au/hook", false},
		{"hooks.example", "https://hooks.example.com/hook", false},
		{"2001:db8::1", "https://[2001:db8::1:2]/hook", false},
	} {
		m, err := callback.NewMatcher(t.Context(), callback.Filter{Host: &test.host}, nil)
		modelstest.NoError(t, err)
		if m.Matches(&callback.Callback{Lane: callback.Lane{Host: models.HostOf(test.url)}}) != test.found {
			t.Errorf("%s finds %s: %t", test.host, test.url, !test.found)
		}
	}
	for _, host := range []string{"", "https://example.com", "a b", "a\x00b", "a\n", "a\u202eb"} {
		if models.ErrorCode(callback.Filter{Host: &host}.Check()) != models.CodeBadUserInput {
			t.Errorf("%q is taken for a host", host)
		}
	}
}

// What is read is the id or the uid that was written, and nothing else is read.
func FuzzParseSearch(f *testing.F) {
	for _, seed := range []string{
		"", "7", " 7\n", "TjAwNlByb2plY3QxMjM", "TjAwNlByb2plY3QxMjM=", "01a22393-864a-705f-a3d7-feaea4ccf798",
		"{01a22393-864a-705f-a3d7-feaea4ccf798}", "0", "-1", "99999999999999999999", "no id", "ünïcode",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := callback.ParseSearch(text)
		switch {
		case err != nil:
			if models.ErrorCode(err) != models.CodeBadUserInput || s != (callback.Search{}) {
				t.Errorf("%q: %v, %v", text, s, err)
			}
		case (s.ID.Raw == 0) == (s.UID == uuid.Nil) && s.ID.Raw != 0:
			t.Errorf("%q is an id and a uid: %v", text, s)
		case s.ID.Raw != 0:
			if again, err := callback.ParseSearch(s.ID.String()); s.ID.Type != "" && (err != nil || again != s) {
				t.Errorf("%q: %v, and then %v, %v", text, s, again, err)
			}
		}
	})
}
