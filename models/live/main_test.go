package live_test

import (
	"testing"

	"github.com/ringback/ringback/models/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main{M: m}.Run() }
