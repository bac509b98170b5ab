package crawl

import "testing"

func BenchmarkFormBody(b *testing.B) {
	for name, build := range map[string]func(seed) ([]byte, error){
		"crawl finished": crawlFinished, "report download": reportGenerated,
	} {
		b.Run(name, func(b *testing.B) {
			subject := newSeed()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := build(subject); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
