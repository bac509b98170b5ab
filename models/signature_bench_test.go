package models_test

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/ringback/ringback/models"
)

func BenchmarkSign(b *testing.B) {
	secrets := []*models.SigningSecret{signingSecret('n'), signingSecret('o')}
	for count := 1; count <= len(secrets); count++ {
		for _, size := range []int{400, 64 << 10} {
			b.Run(strconv.Itoa(count)+" secrets, "+strconv.Itoa(size)+" bytes", func(b *testing.B) {
				body := bytes.Repeat([]byte("x"), size)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					if _, err := models.Sign(secrets[:count], "019ad3f0-0000-7000-8000-000000000001", start, body); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
