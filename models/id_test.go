package models_test

import (
	"encoding/base64"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

var typeNames = []string{
	tenant.TypeAccount, models.TypeCallback, models.TypeCrawl, tenant.TypeProject, tenant.TypeProjectKey,
	models.TypeReportDownload, models.TypeSegment, tenant.TypeSSOClient, tenant.TypeUser, tenant.TypeUserKey,
}

func TestObjectIDIsReadInEveryPublishedForm(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want models.ObjectID
	}{
		"the seed's example, N006": {"TjAwNlByb2plY3QxMjM", models.ObjectID{Type: "Project", Raw: 123}},
		"N007Account715":           {"TjAwN0FjY291bnQ3MTU", models.ObjectID{Type: "Account", Raw: 715}},
		"N007Project6132":          {"TjAwN1Byb2plY3Q2MTMy", models.ObjectID{Type: "Project", Raw: 6132}},
		"N005Crawl1583245":         {"TjAwNUNyYXdsMTU4MzI0NQ", models.ObjectID{Type: "Crawl", Raw: 1583245}},
		"N004User861":              {"TjAwNFVzZXI4NjE", models.ObjectID{Type: "User", Raw: 861}},
		"N007UserKey130":           {"TjAwN1VzZXJLZXkxMzA", models.ObjectID{Type: "UserKey", Raw: 130}},
		"N014ReportDownload59668531": {
			"TjAxNFJlcG9ydERvd25sb2FkNTk2Njg1MzE", models.ObjectID{Type: "ReportDownload", Raw: 59668531},
		},
		"N009SSOClient1":                     {"TjAwOVNTT0NsaWVudDE", models.ObjectID{Type: "SSOClient", Raw: 1}},
		"a bare or quoted number":            {"123", models.ObjectID{Raw: 123}},
		"the largest number":                 {"9007199254740991", models.ObjectID{Raw: models.MaxRawID}},
		"with padding, as some encoders add": {"TjAwNlByb2plY3QxMjM=", models.ObjectID{Type: "Project", Raw: 123}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := models.ParseObjectID(test.text)
			modelstest.NoError(t, err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestObjectIDIsWrittenAsTheSeedHasIt(t *testing.T) {
	t.Parallel()
	// The seed's "N006" does not fit the length of "Project"; it is the text that customers have seen, so it is ours.
	if got := (models.ObjectID{Type: tenant.TypeProject, Raw: 123}).String(); got != "TjAwNlByb2plY3QxMjM" {
		t.Errorf("got %s", got)
	}
}

func TestMalformedObjectIDIsBadUserInput(t *testing.T) {
	t.Parallel()
	encode := base64.RawURLEncoding.EncodeToString
	tests := map[string]string{
		"empty":                   "",
		"zero":                    "0",
		"negative":                "-1",
		"signed":                  "+1",
		"a fraction":              "1.5",
		"blanks":                  " 123",
		"beyond 53 bits":          "9007199254740992",
		"63 bits":                 "9223372036854775807",
		"beyond 63 bits":          "9223372036854775808",
		"beyond 64 bits":          "18446744073709551617",
		"no base64":               "Project:123",
		"standard base64 letters": "+/+/",
		"no number":               encode([]byte("N006Project")),
		"no type":                 encode([]byte("N006123")),
		"zero inside":             encode([]byte("N006Project0")),
		"beyond 53 bits inside":   encode([]byte("N006Project9007199254740992")),
		"beyond 63 bits inside":   encode([]byte("N006Project9223372036854775808")),
		"two digits of length":    encode([]byte("N06Project123")),
		"four digits of length":   encode([]byte("N0006Project")),
		"no N":                    encode([]byte("006Project123")),
		"text behind":             encode([]byte("N006Project123x")),
		"line break behind":       encode([]byte("N006Project123\n")),
		"text before":             encode([]byte("xN006Project123")),
		"AiVisibility form":       encode([]byte("AiVisibilityProject1")),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := models.ParseObjectID(text)
			if err == nil {
				t.Fatalf("%q was read as %v", text, got)
			}
			modelstest.WantError(t, err, models.CodeBadUserInput, "")
		})
	}
}

func TestObjectIDOfAnotherTypeNamesTheField(t *testing.T) {
	t.Parallel()
	id := models.ObjectID{Type: models.TypeCrawl, Raw: 5}
	_, err := id.RawOf(tenant.TypeProject, "projectId")
	modelstest.WantError(t, err, models.CodeBadUserInput, "projectId")
	if err.Error() != "projectId: must be an id of the type Project, not Crawl" {
		t.Error(err)
	}

	got, err := id.RawOf(models.TypeCrawl, "crawlId")
	modelstest.NoError(t, err)
	if got != 5 {
		t.Errorf("got %d", got)
	}
}

func TestBareNumberStandsForTheTypeOfItsField(t *testing.T) {
	t.Parallel()
	for _, name := range typeNames {
		if got, err := (models.ObjectID{Raw: 7}).RawOf(name, "id"); err != nil || got != 7 {
			t.Errorf("%s: got %d, %v", name, got, err)
		}
	}
}

func TestObjectIDSurvivesEncodingAndDecoding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := models.ObjectID{
			Type: rapid.SampledFrom(typeNames).Draw(t, "type"),
			Raw:  rapid.Int64Range(1, models.MaxRawID).Draw(t, "raw"),
		}
		got, err := models.ParseObjectID(id.String())
		if err != nil || got != id {
			t.Fatalf("%s: got %v, %v, want %v", id, got, err, id)
		}
	})
}

func FuzzParseObjectID(f *testing.F) {
	for _, s := range []string{
		"TjAwNlByb2plY3QxMjM", "TjAwN1VzZXJLZXkxMzA", "123", "0", "", "=", "TjAwNg", "99999999999999999999",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := models.ParseObjectID(s)
		if err != nil {
			modelstest.WantError(t, err, models.CodeBadUserInput, "")
			return
		}
		if id.Raw < 1 {
			t.Fatalf("%q was read as the raw id %d", s, id.Raw)
		}
		if id.Type == "" {
			return // a bare number has no global form
		}
		again, err := models.ParseObjectID(id.String())
		if err != nil || again != id {
			t.Fatalf("%q: %v, then %v, %v", s, id, again, err)
		}
	})
}

func TestIDsThatThePlatformChoosesAreBounded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	ctx, url := t.Context(), "https://files.example.com/1"
	for field, create := range map[string]map[string]func(id int64) error{
		"rawID": {
			"an account": func(id int64) error {
				_, err := w.CreateAccount(ctx, w.Platform, tenant.NewAccount{Name: "A", RawID: id})
				return err
			},
			"a project": func(id int64) error {
				_, err := w.CreateProject(
					ctx, w.Platform, tenant.NewProject{AccountID: w.Acme.ID, Name: "P", PrimaryDomain: "a.example", RawID: id},
				)
				return err
			},
			"a user": func(id int64) error {
				_, err := w.CreateUser(ctx, w.Platform, tenant.NewUser{Email: "large@example.com", RawID: id})
				return err
			},
			"an SSO client": func(id int64) error {
				_, err := w.CreateSSOClient(ctx, w.Platform, tenant.NewSSOClient{Name: "S", RawID: id})
				return err
			},
		},
		"crawlId": {"a crawl": func(id int64) error {
			_, _, err := w.FinishCrawl(ctx, w.Platform, crawl.End{
				CrawlID: id, ProjectID: &w.Shop.ID, Kind: crawl.Standard, Status: crawl.Finished,
			})
			return err
		}},
		"reportDownloadId": {"a report download": func(id int64) error {
			_, _, err := w.FinishReportDownload(ctx, w.Platform, crawl.ReportDownloadEnd{
				ReportDownloadID: id, CrawlID: new(int64(models.MaxRawID)), ReportTemplateCode: new("all_pages"), FileURL: url,
			})
			return err
		}},
	} {
		for what, create := range create {
			for _, id := range []int64{-1, models.MaxRawID + 1, math.MaxInt64} {
				t.Log(what, id)
				modelstest.WantError(t, create(id), models.CodeBadUserInput, field)
			}
		}
	}
	if _, err := w.CreateAccount(ctx, w.Platform, tenant.NewAccount{Name: "A", RawID: models.MaxRawID}); err != nil {
		t.Error(err)
	}
	next, err := w.CreateAccount(ctx, w.Platform, tenant.NewAccount{Name: "A"})
	modelstest.NoError(t, err)
	if id, err := models.ParseObjectID(next.ObjectID().String()); err != nil || id.Raw != next.ID {
		t.Errorf("the next one is %d: %v", next.ID, err)
	}
}
