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
	root    string // of this run: what LEAKGATE_DIR names
	dir     string // where the files of this process go; empty when it is not judged
	settle  time.Duration
	before  map[string]int // goroutines by entry function
	started bool           // whether there is a before snapshot
	mu      sync.Mutex
	running map[string]int  // tests, benchmarks and examples; a test in a bubble has the name of the one around it
	names   map[string]bool // those that there have been
}

// Package testing is initialised before the packages that use it, so what a test binary starts or saves there, as early as
// in a package variable, is told from it already.
func init() {
	noted := os.Getenv("LEAKGATE_DIR") + "/started/" + strconv.Itoa(os.Getpid())
	if _, err := os.Stat(noted); err != nil {
		return
	}
	leakgateWrite(noted+".begun", func(io.Writer) error { return nil })
	os.Setenv("LEAKGATE_PARENT", strconv.Itoa(os.Getpid()))
}

// leakgateStart is called first of all, by testing.MainStart: from here on a process that ends without an after snapshot
// is known to be missing.
func leakgateStart(deps testDeps) {
	root, parent := os.Getenv("LEAKGATE_DIR"), os.Getenv("LEAKGATE_PARENT")
	if _, err := os.Stat(root); root == "" || err != nil {
		// Where leakgate has gone already, nobody would read or remove what is written.
		return
	}
	pid := strconv.Itoa(os.Getpid())
	if parent == pid {
		parent = ""
		// A process that became this one, by an exec before its tests began, is not missing.
		if earlier := os.Getenv("LEAKGATE_SUITE"); earlier != "" {
			if _, err := os.Stat(earlier + "/before.pb.gz"); err != nil {
				_ = os.RemoveAll(earlier)
			}
		}
	}
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
	os.Setenv("LEAKGATE_SUITE", dir)
	leakgate.root, leakgate.dir = root, dir
	leakgate.running, leakgate.names = map[string]int{}, map[string]bool{}
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
	// A goroutine that has not run yet has no frames: give those of init functions and of TestMain a moment, and those
	// that they start in turn.
	for polls, last := 0, 0; polls < 20 && runtime.NumGoroutine() > 1 && last != runtime.NumGoroutine(); polls++ {
		last = runtime.NumGoroutine()
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
	// An example that panics takes m.Run with it: its tests are not over.
	if leakgate.dir == "" || leakgateCalledBy("runtime.gopanic") || leakgateCalledBy("runtime.Goexit") {
		return
	}
	start, pause, polls := time.Now(), time.Millisecond, 1
	grown := leakgateGrown(0)
	for grown && time.Since(start) < leakgate.settle {
		time.Sleep(pause)
		polls++
		if pause *= 2; pause > 100*time.Millisecond {
			pause = 100 * time.Millisecond
		}
		grown = leakgateGrown(time.Since(start))
	}
	waited := time.Since(start)
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
			"  \"tests\": "+strconv.Itoa(len(leakgate.names))+",\n"+
			"  \"settled\": "+strconv.FormatBool(!grown)+",\n"+
			"  \"settle_ms\": "+strconv.FormatInt(waited.Milliseconds(), 10)+",\n"+
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

// leakgateTest marks the goroutine of a test or fuzz target with its name, which every goroutine that it starts inherits.
func leakgateTest(name string) {
	if leakgateIsTold(name) {
		leakgateBegin(name)
	}
}

// leakgateTested is called just before a test or fuzz target tells whoever waits for it that it has ended. One that panics
// does not come here: it is the one that the process dies of.
func leakgateTested(name string) {
	if leakgateIsTold(name) {
		leakgateEnd(name)
	}
}

// leakgateNamed does the same for the rest: benchmarks, and examples, which have the main goroutine. The result is to be
// called at the end.
func leakgateNamed(name string, own bool) func() {
	if !leakgateIsTold(name) {
		return func() {}
	}
	leakgateBegin(name)
	return func() {
		if leakgateCalledBy("runtime.gopanic") {
			return
		}
		leakgateEnd(name)
		if !own {
			pprof.SetGoroutineLabels(context.Background())
		}
	}
}

// leakgateIsTold says whether a name is that of a test: what runs them all has none, or the one of the main function.
func leakgateIsTold(name string) bool {
	return leakgate.dir != "" && name != "" && name != "Main"
}

func leakgateBegin(name string) {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("leakgate.test", name)))
	leakgate.mu.Lock()
	leakgate.running[name]++
	leakgate.names[name] = true
	leakgate.mu.Unlock()
	leakgateLog("+", name)
}

func leakgateEnd(name string) {
	leakgate.mu.Lock()
	if leakgate.running[name]--; leakgate.running[name] == 0 {
		delete(leakgate.running, name)
	}
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

// leakgateCalledBy says whether a function is on the stack, close by.
func leakgateCalledBy(function string) bool {
	callers := make([]uintptr, 16)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if frame.Function == function {
			return true
		}
		if !more {
			return false
		}
	}
}

// leakgateGroup is goroutines that share a stack and labels.
type leakgateGroup struct {
	count  int
	fresh  bool     // whether they have hardly begun: nothing is on the stack but their entry function
	ofTest bool     // whether a test's label is on them
	names  []string // the functions of the stack, leaf first, without those of package runtime at the leaf
}

// entry is the goroutines' entry function; empty for those that have not run yet.
func (group leakgateGroup) entry() string {
	if len(group.names) == 0 {
		return ""
	}
	return group.names[len(group.names)-1]
}

// leakgateGroups reads the goroutine profile in its form for people, which is the one that holds names and labels alike:
//
//	2 @ 0x46e0ee 0x40a4b2 0x4712c1
//	# labels: {"leakgate.test":"TestPay"}
//	#	0x5c1a04	example.com/shop.send+0x24	/src/shop/shop.go:9
func leakgateGroups() []leakgateGroup {
	var text strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&text, 1)
	var groups []leakgateGroup
	for _, line := range strings.Split(text.String(), "\n") {
		if !strings.HasPrefix(line, "#") {
			if at := strings.Index(line, " @"); at > 0 {
				count, _ := strconv.Atoi(line[:at])
				// One that waits has frames of package runtime; the outermost is runtime.goexit.
				fresh := strings.Count(line[at:], " 0x") <= 2
				groups = append(groups, leakgateGroup{count: count, fresh: fresh})
			}
			continue
		}
		if len(groups) == 0 {
			continue
		}
		group := &groups[len(groups)-1]
		if strings.HasPrefix(line, "# labels: ") {
			group.ofTest = strings.Contains(line, `"leakgate.test":`)
			continue
		}
		fields := strings.FieldsFunc(line, func(r rune) bool { return r == '\t' })
		if len(fields) > 2 {
			name := strings.Split(fields[2], "+0x")[0]
			group.names = append(group.names, strings.ReplaceAll(name, "%2e", "."))
		}
	}
	return groups
}

// leakgateGrown says whether there are goroutines that the judgement would find: any that a test started, and more of some
// entry function than before of the others. Those aside that the policy accepts anyway: waiting for them would cost every
// run the whole time to settle.
func leakgateGrown(waited time.Duration) bool {
	growth := map[string]int{}
	groups := leakgateGroups()
	for _, group := range groups {
		if group.fresh && waited < 100*time.Millisecond {
			return true // it is not known yet what they will do
		}
		if !group.ofTest {
			growth[group.entry()] += group.count
		}
	}
	for entry, before := range leakgate.before {
		growth[entry] -= before
	}
	for i := range groups {
		if group := &groups[i]; !group.ofTest {
			entry := group.entry()
			if group.count > growth[entry] {
				group.count = growth[entry]
			}
			if group.count > 0 {
				growth[entry] -= group.count
			}
		}
	}
	var quiet []leakgateQuiet
	// Those that are accepted in the number of others come when that is known.
	for _, later := range []bool{false, true} {
		for i := range groups {
			group := &groups[i]
			if group.count > 0 && quiet == nil {
				quiet = leakgateReadQuiet()
			}
			for q := range quiet {
				if group.count <= 0 || quiet[q].asMany != later || quiet[q].patience > waited || !quiet[q].matches(group.names) {
					continue
				}
				max := quiet[q].max
				if later {
					max = quiet[max].accepted
				}
				accepted := max - quiet[q].accepted
				if accepted > group.count {
					accepted = group.count
				}
				quiet[q].accepted += accepted
				group.count -= accepted
				break
			}
		}
	}
	for _, group := range groups {
		if group.count > 0 {
			return true
		}
	}
	return false
}

// leakgateQuiet is one line of the file "quiet": how many more goroutines are accepted, or behind an equals sign the line,
// counted from 0, whose goroutines they are accepted with, one for one; after how many milliseconds, where
// more than functions decides whether they are; then patterns for the entry function, for any function of the stack, and
// for functions that must not be in it; all parted by tabs, and the patterns of one kind by bars.
type leakgateQuiet struct {
	asMany             bool
	max                int // the line, where asMany is set
	accepted           int
	patience           time.Duration
	root, any, without []string
}

func leakgateReadQuiet() []leakgateQuiet {
	text, _ := os.ReadFile(leakgate.root + "/quiet")
	quiet := []leakgateQuiet{}
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Split(line, "\t")
		if len(fields) != 5 {
			continue
		}
		patterns := func(field string) []string {
			return strings.FieldsFunc(field, func(r rune) bool { return r == '|' })
		}
		max, _ := strconv.Atoi(strings.TrimPrefix(fields[0], "="))
		milliseconds, _ := strconv.Atoi(fields[1])
		quiet = append(quiet, leakgateQuiet{
			asMany:   strings.HasPrefix(fields[0], "="),
			max:      max,
			patience: time.Duration(milliseconds) * time.Millisecond,
			root:     patterns(fields[2]),
			any:      patterns(fields[3]),
			without:  patterns(fields[4]),
		})
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
	if len(names) == 0 {
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
