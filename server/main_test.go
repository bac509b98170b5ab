package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"

	redislog "github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// envRunMain makes the test binary run the program instead of the tests: that is how tests get a process of their own.
const envRunMain = "TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(envRunMain) != "" {
		main()
	}
	redislog.Disable() // as main does
	flag.Parse()
	// These tests wait for the network and for the clock much more than they compute.
	if f := flag.Lookup("test.parallel"); f.Value.String() == fmt.Sprint(runtime.GOMAXPROCS(0)) {
		_ = f.Value.Set("6")
	}
	status := storetest.Main{M: m}.Run()
	if status == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, "goroutines outlive the tests:", err)
			status = 1
		}
	}
	os.Exit(status)
}

// runCommand runs the program in this process until it ends by itself.
func runCommand(t *testing.T, env []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), modelstest.Patience)
	defer cancel()
	var out, errs modelstest.Buffer
	status = execute(ctx, args, env, &out, &errs)
	return status, out.String(), errs.String()
}
