package models_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// keyPermissions is who may do what of the table permissions with a key: of the project itself, of another project of
// the account, and of another account's project. It is an Editor of its project, sees its account, and finds nothing
// else.
var keyPermissions = map[string]struct{ own, sibling, foreign models.Code }{
	"CreateAccount":              {forbid, forbid, forbid},
	"UpdateAccount":              {forbid, forbid, missing},
	"Account":                    {may, may, missing},
	"CreateUser":                 {forbid, forbid, forbid},
	"User (the admin)":           {missing, missing, missing},
	"CreateSSOClient":            {forbid, forbid, forbid},
	"UpdateSSOClient":            {forbid, forbid, forbid},
	"SSOClient":                  {missing, missing, missing},
	"CreateProject":              {forbid, forbid, missing},
	"CreateProject with a rawID": {forbid, forbid, missing},
	"UpdateProject":              {may, missing, missing},
	"DeleteProject":              {forbid, missing, missing},
	"CreateProjectKey":           {forbid, missing, missing},
	"DeleteProjectKey":           {forbid, missing, missing},
	"RotateSigningSecret":        {forbid, missing, missing},
	"SSOClientSigningSecrets":    {forbid, forbid, forbid},

	"UpdateSSOClient (its webhook)":        {forbid, forbid, forbid},
	"CreateSSOClientKey":                   {forbid, forbid, forbid},
	"DeleteSSOClientKey":                   {forbid, forbid, forbid},
	"RotateWebhookSecret":                  {forbid, forbid, forbid},
	"SSOClientPage":                        {forbid, forbid, forbid},
	"CreatePortalSession of a project":     {forbid, missing, missing},
	"CreatePortalSession of an account":    {forbid, forbid, missing},
	"CreatePortalSession of an SSO client": {missing, missing, missing},
	"ReplayCallback of a notice":           {forbid, missing, missing},
	"ReplayCallback to another URL":        {forbid, missing, missing},
	"ReplayAll of a project":               {may, missing, missing},
	"ReplayAll of an account":              {forbid, forbid, missing},
	"ReplayAll of an SSO client":           {forbid, forbid, forbid},
	"RetryCallbacks of a project":          {may, missing, missing},
	"RetryCallbacks of an account":         {forbid, forbid, missing},
	"RetryCallbacks of an SSO client":      {forbid, forbid, forbid},
	"PauseCallbacks":                       {missing, missing, missing},
	"SendTest of an SSO client":            {missing, missing, missing},
	"Preview":                              {may, missing, missing},
	"Preview of a notice":                  {forbid, missing, missing},
	"Project":                              {may, missing, missing},
	"RunCrawl":                             {may, missing, missing},
	"FinishCrawl":                          {forbid, forbid, forbid},
	"FinishCrawls":                         {forbid, forbid, forbid},
	"Crawl":                                {may, missing, missing},
	"CreateReportDownload":                 {may, missing, missing},
	"FinishReportDownload":                 {forbid, forbid, forbid},
	"FinishReportDownloads":                {forbid, forbid, forbid},
	"ReportDownload":                       {may, missing, missing},
	"ReplayCallback":                       {may, missing, missing},
	"RetryCallback":                        {may, missing, missing},
	"Cancel":                               {may, missing, missing},
	"Callback":                             {may, missing, missing},
	"CallbackByUID":                        {may, missing, missing},
	"CreateAction":                         {forbid, forbid, forbid},
	"UpdateAction":                         {forbid, forbid, forbid},
	"Action":                               {may, may, missing},
	"CreateRun":                            {may, missing, missing},
	"StopRun":                              {may, missing, missing},
	"Run":                                  {may, missing, missing},
	"RunByUID":                             {may, missing, missing},
	"CreateJobs":                           {may, missing, missing},
	"UpdateJob":                            {forbid, forbid, forbid},
	"UpdateJobs":                           {forbid, forbid, forbid},
	"Job":                                  {may, missing, missing},
	"JobByUUID":                            {may, missing, missing},
	"PauseSchedule":                        {may, missing, missing},
	"ResumeSchedule":                       {may, missing, missing},
	"CancelSchedule":                       {may, missing, missing},
	"Schedule":                             {may, missing, missing},
	"CreateUserKey for another user":       {forbid, forbid, forbid},
	"DeleteUserKey of another user":        {forbid, forbid, forbid},
}

func TestProjectKeyMayDoWhatTheTableSays(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(permissions))
	if diff := cmp.Diff(names, slices.Sorted(maps.Keys(keyPermissions))); diff != "" {
		t.Fatalf("the two tables differ (-permissions +keyPermissions):\n%s", diff)
	}
	for _, caller := range []string{"own", "sibling", "foreign"} {
		t.Run(caller, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			f := newFixtures(t, w)
			f.doomed = w.Shop // no key may delete it, so the others still find it
			actor := w.KeyActor(map[string]*tenant.Project{
				"own": w.Shop, "sibling": w.NewProject(w.Acme, nil), "foreign": w.NewProject(w.Other, nil),
			}[caller])
			for _, name := range names {
				p := keyPermissions[name]
				want := map[string]models.Code{"own": p.own, "sibling": p.sibling, "foreign": p.foreign}[caller]
				err := permissions[name].do(t.Context(), w, actor, f)
				if want == may && err != nil || want != may && (err == nil || models.ErrorCode(err) != want) {
					t.Errorf("%s: got %v, want %q", name, err, want)
				}
			}
		})
	}
}
