package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

// peakMemory is the most that a process has had in memory, in bytes.
func (s *instance) peakMemory(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		t.Skip(err)
	}
	peak := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if peak == nil {
		t.Fatalf("%s", status)
	}
	kib, err := strconv.Atoi(string(peak[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// flood sends many large bodies at once, none of them to its end, and waits until all but some are refused.
func (s *instance) flood(t *testing.T, header, body string, accepted int) {
	t.Helper()
	const requests = 1_500
	var refused atomic.Int64
	text := "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + header + "\r\n\r\n" + body
	for range requests {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		go func() {
			_, _ = conn.Write([]byte(text)) // fails where the server has closed the connection
			if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || strings.Contains(line, " 413 ") ||
				strings.Contains(line, " 429 ") {
				refused.Add(1)
			} else {
				t.Error(line)
			}
		}()
	}
	modelstest.Eventually(
		t, fmt.Sprintf("all but %d are refused", accepted), func() bool { return int(refused.Load()) >= requests-accepted },
	)
}

func TestSlowBodiesTakeABoundedMemory(t *testing.T) {
	t.Parallel()
	measured(t)
	s := startServer(t, options{process: true})
	const size = 500_000
	part := strings.Repeat("a", size-10_000)
	before := s.peakMemory(t)
	s.flood(t, "Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s", size, part), 0)
	strangers := s.peakMemory(t)
	s.flood(t, fmt.Sprintf("Content-Length: %d\r\nX-Api-Key: %s", size, s.key), part, callerBodyBytes/size)
	known := s.peakMemory(t)
	t.Logf("%d MiB before, %d after strangers, %d after a caller with credentials", before>>20, strangers>>20, known>>20)
	if most := 384 << 20; max(strangers, known) > most { // 1.5 GB where each body is read
		t.Errorf("more than %d MiB", most>>20)
	}
	if status, body := s.post(t, nil, "{ version }", nil); status != 200 {
		t.Errorf("%d: %s", status, body)
	}
}
