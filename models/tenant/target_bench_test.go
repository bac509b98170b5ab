package tenant_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func BenchmarkEffectiveTarget(b *testing.B) {
	headers := func(level string) []models.Header {
		return []models.Header{
			{Key: "Authorization", Value: models.Secret(level)}, {Key: "X-" + level, Value: "1"}, {Key: "X-Both", Value: "2"},
		}
	}
	account := models.Endpoint{URL: new(modelstest.AccountURL), Headers: headers("Account")}
	for name, project := range map[string]models.Endpoint{
		"the project's URL":                       {URL: new(modelstest.ProjectURL), Headers: headers("Project")},
		"the account's URL, both levels' headers": {Headers: headers("Project")},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if tenant.EffectiveTarget(account, project).URL == "" {
					b.Fatal("no URL")
				}
			}
		})
	}
}
