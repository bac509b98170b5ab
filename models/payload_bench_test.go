package models_test

import (
	"testing"

	"github.com/ringback/ringback/models"
)

func BenchmarkFormBody(b *testing.B) {
	for name, build := range map[string]func(models.Subject) ([]byte, error){
		"crawl finished": models.CrawlFinishedBody, "report download": models.ReportDownloadBody,
	} {
		b.Run(name, func(b *testing.B) {
			subject := seedSubject()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := build(subject); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
