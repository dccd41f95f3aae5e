// This is put behind a file of package testing while leakgate runs a test command. It captures goroutine profiles before and
// after the tests of a binary and marks the goroutines of each test; it judges nothing and changes no result. Outside of
// `leakgate run`, and in processes that a test binary starts, every function here returns at once.

package testing

import (
	"context"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"
)

var leakgate struct {
	dir     string // where the files of this process go; empty when it is not judged
	settle  time.Duration
	before  map[string]int // goroutines by entry function
	started bool           // whether there is a before snapshot
	mu      sync.Mutex
	running map[string]time.Time // tests, benchmarks and examples
	count   int                  // how many there have been
}

// leakgateStart is called first of all, by testing.MainStart: from here on a process that ends without an after snapshot
// is known to be missing.
func leakgateStart(deps testDeps) {
	root, parent := os.Getenv("LEAKGATE_DIR"), os.Getenv("LEAKGATE_PARENT")
	if root == "" {
		return
	}
	pid := strconv.Itoa(os.Getpid())
	// Process ids come again, in containers above all.
	began := strconv.FormatInt(time.Now().UnixNano(), 10)
	dir := root + "/suites/" + strings.Trim(deps.ImportPath(), "/") + "/" + pid + "-" + began
	if os.MkdirAll(dir, 0o777) != nil {
		return
	}
	wd, _ := os.Getwd()
	leakgateWrite(dir+"/suite.json", func(w io.Writer) error {
		var args []string
		for _, arg := range os.Args {
			args = append(args, leakgateJSON(arg))
		}
		_, err := io.WriteString(w, "{\n"+
			"  \"schema\": \"leakgate.suite/1\",\n"+
			"  \"import_path\": "+leakgateJSON(deps.ImportPath())+",\n"+
			"  \"pid\": "+pid+",\n"+
			"  \"child_of\": "+leakgateJSON(parent)+",\n"+
			"  \"started_unix_ns\": "+began+",\n"+
			"  \"go\": "+leakgateJSON(runtime.Version())+",\n"+
			"  \"platform\": "+leakgateJSON(runtime.GOOS+"/"+runtime.GOARCH)+",\n"+
			"  \"directory\": "+leakgateJSON(wd)+",\n"+
			"  \"args\": ["+strings.Join(args, ", ")+"]\n}\n")
		return err
	})
	if parent != "" {
		return
	}
	os.Setenv("LEAKGATE_PARENT", pid)
	leakgate.dir = dir
	leakgate.running = map[string]time.Time{}
	milliseconds, _ := strconv.Atoi(os.Getenv("LEAKGATE_SETTLE_MS"))
	leakgate.settle = time.Duration(milliseconds) * time.Millisecond
}

// leakgateBefore takes the snapshot that growth is measured from, when the first m.Run begins.
func leakgateBefore() {
	// The go command notes which variables a test binary reads once its tests begin, and takes no result from its cache
	// when one of them has changed. This one differs from run to run.
	_ = os.Getenv("LEAKGATE_RUN")
	if leakgate.dir == "" {
		return
	}
	if leakgate.started {
		// TestMain runs the tests once more: what the last time left says nothing of this one.
		_ = os.Remove(leakgate.dir + "/end.json")
		_ = os.Remove(leakgate.dir + "/after.pb.gz")
		return
	}
	leakgate.started = true
	// A goroutine that has not run yet has no frames: give those of init functions and of TestMain a moment.
	if runtime.NumGoroutine() > 1 {
		time.Sleep(10 * time.Millisecond)
	}
	leakgate.before = map[string]int{}
	for _, group := range leakgateGroups() {
		leakgate.before[group.entry()] += group.count
	}
	leakgateProfile("goroutine", "before.pb.gz")
}

// leakgateAfter takes the other snapshots, when m.Run ends: once nothing has grown, or when the time to settle is over.
func leakgateAfter(m *M) {
	if leakgate.dir == "" {
		return
	}
	start, pause, polls := time.Now(), time.Millisecond, 1
	for leakgateGrown() && time.Since(start) < leakgate.settle {
		time.Sleep(pause)
		polls++
		if pause *= 2; pause > 100*time.Millisecond {
			pause = 100 * time.Millisecond
		}
	}
	settled := time.Since(start)
	leakgateProfile("goroutine", "after.pb.gz")
	if pprof.Lookup("goroutineleak") != nil {
		// The first run of the detector may come before a finalizer that the second one finds done.
		_ = pprof.Lookup("goroutineleak").WriteTo(io.Discard, 0)
		leakgateProfile("goroutineleak", "proven.pb.gz")
	}
	leakgateWrite(leakgate.dir+"/end.json", func(w io.Writer) error {
		leakgate.mu.Lock()
		defer leakgate.mu.Unlock()
		_, err := io.WriteString(w, "{\n"+
			"  \"exit_code\": "+strconv.Itoa(m.exitCode)+",\n"+
			"  \"tests\": "+strconv.Itoa(leakgate.count)+",\n"+
			"  \"settle_ms\": "+strconv.FormatInt(settled.Milliseconds(), 10)+",\n"+
			"  \"polls\": "+strconv.Itoa(polls)+"\n}\n")
		return err
	})
}

// leakgateTimeout is called by the alarm, just before it ends the process.
func leakgateTimeout(after time.Duration) {
	if leakgate.dir == "" {
		return
	}
	leakgateProfile("goroutine", "timeout.pb.gz")
	leakgateWrite(leakgate.dir+"/timeout.json", func(w io.Writer) error {
		leakgate.mu.Lock()
		defer leakgate.mu.Unlock()
		var names []string
		for name := range leakgate.running {
			names = append(names, leakgateJSON(name))
		}
		_, err := io.WriteString(w, "{\n  \"after\": "+leakgateJSON(after.String())+
			",\n  \"running\": ["+strings.Join(names, ", ")+"]\n}\n")
		return err
	})
}

// leakgateTest marks the goroutine of a test with the test's name, which every goroutine that it starts inherits. The
// result is to be called when the test has ended.
func leakgateTest(t *T) func() {
	name := t.name
	if leakgate.dir == "" || name == "" {
		return func() {}
	}
	leakgateBegin(name)
	return func() {
		t.mu.RLock()
		finished := t.finished
		t.mu.RUnlock()
		// One that panics is still the one that the process dies of.
		if finished {
			leakgateEnd(name)
		}
	}
}

// leakgateNamed does the same for the rest: benchmarks, fuzz targets, and examples, which have the main goroutine.
func leakgateNamed(name string, own bool) func() {
	if leakgate.dir == "" || name == "" || name == "Main" {
		return func() {}
	}
	leakgateBegin(name)
	return func() {
		leakgateEnd(name)
		if !own {
			pprof.SetGoroutineLabels(context.Background())
		}
	}
}

func leakgateBegin(name string) {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("leakgate.test", name)))
	leakgate.mu.Lock()
	leakgate.running[name] = time.Now()
	leakgate.count++
	leakgate.mu.Unlock()
	leakgateLog("+", name)
}

func leakgateEnd(name string) {
	leakgate.mu.Lock()
	delete(leakgate.running, name)
	leakgate.mu.Unlock()
	leakgateLog("-", name)
}

// leakgateLog notes starts and ends of top-level tests, for a process that does not live to tell. The file is not kept
// open: a test may close descriptors that it did not open, and get ours for its own.
func leakgateLog(sign, name string) {
	if strings.Contains(name, "/") {
		return
	}
	log, err := os.OpenFile(leakgate.dir+"/tests.log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return
	}
	_, _ = log.WriteString(sign + name + "\n")
	_ = log.Close()
}

// leakgateGroup is a stack and how many goroutines have it.
type leakgateGroup struct {
	stack []uintptr
	count int
}

func leakgateGroups() []leakgateGroup {
	records := make([]runtime.StackRecord, runtime.NumGoroutine()+16)
	n, ok := runtime.GoroutineProfile(records)
	for !ok {
		records = make([]runtime.StackRecord, n+n/4+16)
		n, ok = runtime.GoroutineProfile(records)
	}
	counts := map[[32]uintptr]int{}
	for i := range records[:n] {
		counts[records[i].Stack0]++
	}
	groups := make([]leakgateGroup, 0, len(counts))
	for stack, count := range counts {
		record := runtime.StackRecord{Stack0: stack}
		groups = append(groups, leakgateGroup{record.Stack(), count})
	}
	return groups
}

// entry is the goroutine's entry function; empty for one that has not run yet.
func (group leakgateGroup) entry() string {
	outermost := group.stack
	if len(outermost) > 2 {
		outermost = outermost[len(outermost)-2:]
	}
	names := leakgateNames(outermost)
	return names[len(names)-1]
}

// leakgateNames gives the functions of a stack, leaf first and at least one; runtime.goexit, which every goroutine
// returns to, is none of them.
func leakgateNames(stack []uintptr) []string {
	names := []string{}
	frames := runtime.CallersFrames(stack)
	for more := len(stack) > 0; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if frame.Function != "runtime.goexit" {
			names = append(names, strings.ReplaceAll(frame.Function, "%2e", "."))
		}
	}
	if len(names) == 0 {
		return []string{""}
	}
	return names
}

// leakgateGrown says whether there are more goroutines of some entry function than before, those aside that the policy
// accepts anyway: waiting for them would cost every run the whole time to settle.
func leakgateGrown() bool {
	now, byEntry := map[string]int{}, map[string][]leakgateGroup{}
	for _, group := range leakgateGroups() {
		entry := group.entry()
		now[entry] += group.count
		byEntry[entry] = append(byEntry[entry], group)
	}
	var quiet []leakgateQuiet
	for entry, count := range now {
		growth := count - leakgate.before[entry]
		if growth <= 0 {
			continue
		}
		if quiet == nil {
			quiet = leakgateReadQuiet()
		}
		for _, group := range byEntry[entry] {
			names := leakgateNames(group.stack)
			for i := range quiet {
				if quiet[i].matches(names) {
					accepted := quiet[i].max
					for _, bound := range []int{group.count, growth} {
						if accepted > bound {
							accepted = bound
						}
					}
					quiet[i].max -= accepted
					growth -= accepted
					break
				}
			}
		}
		if growth > 0 {
			return true
		}
	}
	return false
}

// leakgateQuiet is one line of the file "quiet": how many more goroutines are accepted, then patterns for the entry
// function, for any function of the stack, and for functions that must not be in it; all parted by tabs, and the patterns
// of one kind by bars.
type leakgateQuiet struct {
	max                int
	root, any, without []string
}

func leakgateReadQuiet() []leakgateQuiet {
	text, _ := os.ReadFile(os.Getenv("LEAKGATE_DIR") + "/quiet")
	quiet := []leakgateQuiet{}
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Split(line, "\t")
		if len(fields) != 4 {
			continue
		}
		patterns := func(field string) []string {
			return strings.FieldsFunc(field, func(r rune) bool { return r == '|' })
		}
		max, _ := strconv.Atoi(fields[0])
		quiet = append(quiet, leakgateQuiet{max, patterns(fields[1]), patterns(fields[2]), patterns(fields[3])})
	}
	return quiet
}

func (quiet leakgateQuiet) matches(names []string) bool {
	some := func(patterns, names []string) bool {
		for _, pattern := range patterns {
			for _, name := range names {
				if leakgateMatch(pattern, name) {
					return true
				}
			}
		}
		return false
	}
	return (len(quiet.root) == 0 || some(quiet.root, names[len(names)-1:])) &&
		(len(quiet.any) == 0 || some(quiet.any, names)) && !some(quiet.without, names)
}

// leakgateMatch matches a whole name; a star stands for any run of characters, but the one of a pointer receiver for
// itself.
func leakgateMatch(pattern, name string) bool {
	parts := strings.Split(strings.ReplaceAll(pattern, "(*", "(\x00"), "*")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], "\x00", "*")
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for i, part := range parts[1:] {
		if i == len(parts)-2 {
			return strings.HasSuffix(name, part)
		}
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return name == ""
}

func leakgateProfile(profile, file string) {
	leakgateWrite(leakgate.dir+"/"+file, func(w io.Writer) error {
		return pprof.Lookup(profile).WriteTo(w, 0)
	})
}

// leakgateWrite writes a whole file or none. One that is missing is told by leakgate.
func leakgateWrite(path string, write func(io.Writer) error) {
	file, err := os.Create(path + ".part")
	if err != nil {
		return
	}
	err = write(file)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		_ = os.Remove(path + ".part")
	}
}

func leakgateJSON(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		if r < ' ' || r == '"' || r == '\\' {
			hex := strconv.FormatInt(int64(r), 16)
			out.WriteString("\\u" + strings.Repeat("0", 4-len(hex)) + hex)
		} else {
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return out.String()
}
