package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// result is one run: one line of JSON.
type result struct {
	Command           string             `json:"command"`
	Engine            string             `json:"engine"`
	Variant           string             `json:"variant,omitempty"`
	Round             int                `json:"round"`
	Env               []string           `json:"env,omitempty"`
	Durability        map[string]string  `json:"durability,omitempty"` // of Postgres
	StraightPerSecond float64            `json:"straight_per_s"`
	ReadyMillis       float64            `json:"ready_ms"` // of the first process, from its start
	CPUSeconds        map[string]float64 `json:"cpu_s"`
	PeakMemory        map[string]float64 `json:"peak_memory_mib"`
	*Deliveries
	*Receivers
	*Ramp
	*Beside
	*Replay
	*Idle
	*History
}

// Deliveries is what became of a load.
type Deliveries struct {
	Callbacks          int     `json:"callbacks"`
	AcceptedPerSecond  float64 `json:"accepted_per_s"`  // answered by the API
	DeliveredPerSecond float64 `json:"delivered_per_s"` // from the first publish to the last arrival
	RatioToStraight    float64 `json:"ratio_to_straight"`
	Arrived            int     `json:"arrived"`
	Latency
	Late       int `json:"late"` // when the run was over: their latency is what they had waited until then
	Lost       int `json:"lost"`
	Duplicates int `json:"duplicates"`
}

// Receivers is a run at receivers that do not all answer at once, as they saw it.
type Receivers struct {
	PostsPerSecond float64 `json:"receivers_per_s"` // what they can take at least: straight posts to the same endpoints
	Connections    int64   `json:"connections"`     // that were opened
}

// Beside is what became of the load beside the one that is measured.
type Beside struct {
	Published        int     `json:"beside_published"`
	ArrivedPerSecond float64 `json:"beside_arrived_per_s"` // while the other was measured
	Waiting          int     `json:"beside_waiting"`       // had not been sent when it was over
}

// Idle is what a process costs that has nothing to do.
type Idle struct {
	Seconds     float64 `json:"seconds"`
	CorePercent float64 `json:"core_percent"`
	Memory      float64 `json:"memory_mib"` // resident, at the end
	// RedisCommandsPerMinute is what the server sent. RedisProcessedPerMinute is what Redis says that it did for all of
	// its clients, with the commands inside of scripts. Both are missing in the embedded engine.
	RedisCommandsPerMinute  *float64 `json:"redis_commands_per_min,omitempty"`
	RedisProcessedPerMinute *float64 `json:"redis_processed_per_min,omitempty"`
}

func (b *bench) newResult(command string, i *installation) *result {
	return &result{Command: command, Engine: b.Engine, Env: b.Env, ReadyMillis: milliseconds(i.processes[0].ready)}
}

// print writes a run as tables and as a line of JSON.
func (b *bench) print(r *result) error {
	title := r.Command + ", " + r.Engine
	if r.Variant != "" {
		title += ", " + r.Variant
	}
	fmt.Fprintf(b.stdout, "\n%s, round %d: ready after %.0f ms", title, r.Round, r.ReadyMillis)
	if r.Durability != nil {
		fmt.Fprintf(b.stdout, "; fsync %s, synchronous_commit %s", r.Durability["fsync"], r.Durability["synchronous_commit"])
		if r.Durability["fsync"] != "on" || r.Durability["synchronous_commit"] != "on" {
			fmt.Fprint(b.stdout, " (THIS RUN DOES NOT COUNT: an accepted callback may be lost with the power)")
		}
	}
	fmt.Fprintln(b.stdout)
	t := table{}
	t.add("straight/s", "%.0f", r.StraightPerSecond)
	if r.Deliveries != nil {
		r.Deliveries.describe(&t)
	}
	if r.Receivers != nil {
		t.add("receivers/s", "%.0f", r.PostsPerSecond)
		t.add("connections", "%.0f", float64(r.Connections))
	}
	if r.Ramp != nil {
		r.Ramp.describe(&t)
	}
	if r.Beside != nil {
		t.add("beside/s", "%.0f", r.ArrivedPerSecond)
		t.add("waiting", "%.0f", float64(r.Waiting))
	}
	if r.Replay != nil {
		r.Replay.describe(&t)
	}
	if r.Idle != nil {
		r.Idle.describe(&t)
	}
	t.write(b.stdout)
	if r.History != nil {
		r.History.describe(b.stdout)
	}
	r.describeCosts(b.stdout)
	return b.printJSON(r)
}

func (b *bench) printJSON(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(b.stdout, "%s\n", text)
	return err
}

func (d *Deliveries) describe(t *table) {
	t.add("callbacks", "%.0f", float64(d.Callbacks))
	t.add("accepted/s", "%.0f", d.AcceptedPerSecond)
	t.add("delivered/s", "%.0f", d.DeliveredPerSecond)
	t.add("of straight", "%.3f", d.RatioToStraight)
	t.add("p50 ms", "%.1f", d.P50)
	t.add("p95 ms", "%.1f", d.P95)
	t.add("p99 ms", "%.1f", d.P99)
	t.add("max ms", "%.1f", d.Max)
	t.add("late", "%.0f", float64(d.Late))
	t.add("lost", "%.0f", float64(d.Lost))
	t.add("duplicates", "%.0f", float64(d.Duplicates))
}

func (r *Ramp) describe(t *table) {
	reached := "never"
	if r.Reached != nil {
		reached = strconv.FormatFloat(*r.Reached, 'f', 2, 64)
	}
	t.add(strconv.Itoa(r.Rate)+"/s after s", "%s", reached)
}

func (i *Idle) describe(t *table) {
	t.add("seconds", "%.0f", i.Seconds)
	t.add("% of a core", "%.2f", i.CorePercent)
	t.add("resident MiB", "%.1f", i.Memory)
	if i.RedisCommandsPerMinute != nil {
		t.add("Redis commands/min", "%.0f", *i.RedisCommandsPerMinute)
		t.add("(processed, all clients)", "%.0f", *i.RedisProcessedPerMinute)
	}
}

// describeCosts is a table of the processes.
func (r *result) describeCosts(w io.Writer) {
	names := make([]string, 0, len(r.CPUSeconds))
	for name := range r.CPUSeconds {
		names = append(names, name)
	}
	slices.Sort(names)
	t := table{}
	t.add("", "%s", "CPU s", "peak MiB")
	for _, name := range names {
		peak := ""
		if mib, ok := r.PeakMemory[name]; ok {
			peak = strconv.FormatFloat(mib, 'f', 1, 64)
		}
		t.add(name, "%s", strconv.FormatFloat(r.CPUSeconds[name], 'f', 2, 64), peak)
	}
	t.write(w)
}

// table is a table, column by column.
type table struct{ columns [][]string }

func (t *table) add(head, format string, cells ...any) {
	column := []string{head}
	for _, cell := range cells {
		column = append(column, fmt.Sprintf(format, cell))
	}
	t.columns = append(t.columns, column)
}

// write aligns the columns to the right. All have as many cells as the first.
func (t *table) write(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for row := range t.columns[0] {
		cells := make([]string, len(t.columns))
		for k, column := range t.columns {
			cells[k] = column[row]
		}
		fmt.Fprintln(w, strings.Join(cells, "\t")+"\t")
	}
	_ = w.Flush() // the writer below it has nobody to tell
}
