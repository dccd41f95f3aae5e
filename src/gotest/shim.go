// This is put behind a file of package testing while leakgate runs a test command. It captures
// goroutine profiles before and after the tests of a binary and marks the goroutines of each test;
// it judges nothing and changes no result. Outside of `leakgate run`, and in processes that a test
// binary starts, every function here returns at once.
//
// Until the tests are over no file is opened through package os: that would start the runtime's
// poller, and a test that closes all descriptors which it does not know would take the poller's
// with them.

package testing

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"internal/poll"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var leakgate struct {
	dir     string // where the files of this process go; empty when it is not judged
	settle  time.Duration
	quiet   []leakgateQuiet // what is accepted anyway
	before  []byte          // the first profile, kept here and so out of the tests' reach until they are over
	entries map[string]int  // its goroutines, by entry function
	mu      sync.Mutex
	running map[string]int    // tests, benchmarks and examples; a test in a bubble has the name of the one around it
	names   map[string]int    // how often each has begun: several times under -count
	skipped map[string]int    // how often each has skipped itself
	started map[string]string // by the id of its goroutine, the name of each
	runs    int               // how often m.Run has begun
	over    atomic.Bool       // whether the tests are, and the process waits only for leakgate
	ended   time.Time         // when they were over
	unheard string            // what was said first of a test that was over
	later   time.Duration     // when that was, from their end
}

// Package testing is initialised before the packages that use it, so what a test binary starts or
// saves there, as early as in a package variable, is known from it already.
func init() {
	noted := os.Getenv("LEAKGATE_DIR") + "/started/" + strconv.Itoa(os.Getpid())
	if _, err := os.Stat(noted); err != nil {
		return
	}
	leakgateWrite(noted+".begun", nil)
	os.Setenv("LEAKGATE_PARENT", strconv.Itoa(os.Getpid()))
	// What leakgate asked of the runtime was read when the process started, and is nobody else's.
	if godebug, ok := os.LookupEnv("LEAKGATE_GODEBUG"); ok {
		os.Unsetenv("LEAKGATE_GODEBUG")
		if godebug == "" {
			os.Unsetenv("GODEBUG")
		} else {
			os.Setenv("GODEBUG", godebug)
		}
	}
}

// leakgateEnviron is what leakgate has set, as the process found it: init functions of the tests
// may clear their environment.
var leakgateEnviron = func() map[string]string {
	found := map[string]string{}
	for _, name := range []string{"DIR", "PARENT", "SUITE", "GOFLAGS", "SETTLE_MS", "ORIGIN"} {
		if value, ok := os.LookupEnv("LEAKGATE_" + name); ok {
			found["LEAKGATE_"+name] = value
		}
	}
	return found
}()

// leakgateStart is called first of all, by testing.MainStart: from here on a process that ends
// without an after snapshot is known to be missing.
func leakgateStart(deps testDeps) {
	root, parent := leakgateEnviron["LEAKGATE_DIR"], leakgateEnviron["LEAKGATE_PARENT"]
	if _, err := os.Stat(root); root == "" || err != nil {
		// Where leakgate has gone already, nobody would read or remove what is written.
		return
	}
	pid := strconv.Itoa(os.Getpid())
	if parent == pid {
		parent = ""
		// A process that became this one, by an exec before its tests began, is not missing.
		if earlier := leakgateEnviron["LEAKGATE_SUITE"]; earlier != "" {
			if _, err := os.Stat(earlier + "/tests.log"); err != nil {
				_ = os.RemoveAll(earlier)
			}
		}
	}
	// Process ids come again, in containers above all.
	began := strconv.FormatInt(time.Now().UnixNano(), 10)
	dir := root
	for _, name := range strings.Split("suites/"+strings.Trim(deps.ImportPath(), "/")+"/"+pid+"-"+began, "/") {
		// One by one: a folder that leakgate has removed meanwhile is not to come again.
		dir += "/" + name
		if err := os.Mkdir(dir, 0o777); err != nil && !os.IsExist(err) {
			return
		}
	}
	wd, _ := os.Getwd()
	var args []string
	for _, arg := range os.Args {
		args = append(args, leakgateJSON(arg))
	}
	leakgateWrite(dir+"/suite.json", []byte("{\n"+
		"  \"schema\": \"leakgate.suite/1\",\n"+
		"  \"import_path\": "+leakgateJSON(deps.ImportPath())+",\n"+
		"  \"pid\": "+pid+",\n"+
		"  \"child_of\": "+leakgateJSON(parent)+",\n"+
		"  \"started_unix_ns\": "+began+",\n"+
		"  \"go\": "+leakgateJSON(runtime.Version())+",\n"+
		"  \"platform\": "+leakgateJSON(runtime.GOOS+"/"+runtime.GOARCH)+",\n"+
		"  \"directory\": "+leakgateJSON(wd)+",\n"+
		"  \"args\": ["+strings.Join(args, ", ")+"]\n}\n"))
	if parent != "" {
		return
	}
	// An environment that was emptied stays as it is.
	if os.Getenv("LEAKGATE_DIR") != "" {
		os.Setenv("LEAKGATE_PARENT", pid)
		os.Setenv("LEAKGATE_SUITE", dir)
		// What tests build is theirs.
		if flags, ok := leakgateEnviron["LEAKGATE_GOFLAGS"]; ok {
			os.Setenv("GOFLAGS", flags)
		} else {
			os.Unsetenv("GOFLAGS")
		}
	}
	leakgate.dir = dir
	leakgate.quiet = leakgateReadQuiet(root+"/quiet", deps.ImportPath())
	leakgate.running, leakgate.names, leakgate.skipped = map[string]int{}, map[string]int{}, map[string]int{}
	leakgate.started = map[string]string{}
	milliseconds, _ := strconv.Atoi(leakgateEnviron["LEAKGATE_SETTLE_MS"])
	leakgate.settle = time.Duration(milliseconds) * time.Millisecond
}

// leakgateBefore takes the snapshot that growth is measured from, when the first m.Run begins.
func leakgateBefore() {
	// The go command notes which variables a test binary reads once its tests begin, and takes no
	// result from its cache when one of them has changed. This one differs from run to run.
	_ = os.Getenv("LEAKGATE_RUN")
	if leakgate.dir == "" {
		return
	}
	leakgate.runs++
	if leakgate.before != nil {
		// TestMain runs the tests once more: what the last time left says nothing of this one.
		_ = os.Remove(leakgate.dir + "/end.json")
		_ = os.Remove(leakgate.dir + "/after.pb.gz")
		_ = os.Remove(leakgate.dir + "/goroutines.txt")
		return
	}
	leakgateLog("")
	// A goroutine that has not run yet has no frames: give those of init functions and of TestMain
	// a moment, and those that they start in turn.
	var groups []leakgateGroup
	for polls := 0; polls < 20; polls++ {
		there := runtime.NumGoroutine()
		// No timer either: the first one starts the poller too.
		for start := time.Now(); there > 1 && time.Since(start) < 10*time.Millisecond; {
			runtime.Gosched()
		}
		leakgate.before = leakgateProfile("goroutine")
		groups = leakgateRead(leakgate.before)
		waits := there != runtime.NumGoroutine()
		for _, group := range groups {
			waits = waits || len(group.frames) == 0
		}
		if !waits {
			break
		}
	}
	leakgate.entries = map[string]int{}
	for _, group := range groups {
		leakgate.entries[group.entry()] += group.count
	}
}

// leakgateAfter takes the other snapshots, when m.Run ends: once nothing has grown, or when the
// time to settle is over. The profile that is kept is the one that was looked at last.
func leakgateAfter(m *M) {
	// An example that panics takes m.Run with it: its tests are not over.
	if leakgate.dir == "" || leakgateCalledBy("runtime.gopanic") || leakgateCalledBy("runtime.Goexit") || leakgateIsBroken() {
		return
	}
	leakgateLog("=\n")
	start, pause := time.Now(), time.Millisecond
	leakgate.ended = start
	leakgate.over.Store(true)
	defer leakgateGoesOn()
	var watched leakgateWatch
	known, still := 0, time.Duration(0)
	for {
		after, waited := leakgateProfile("goroutine"), time.Since(start)
		groups := leakgateRead(after)
		watched.look(groups, waited)
		grown, inBaseline := leakgateGrown(groups, waited)
		if inBaseline != known {
			known, still = inBaseline, waited
		}
		// What leaks already may go on to grow: it counts once it stands still.
		moves := known > 0 && waited-still < 300*time.Millisecond
		if (grown || moves) && waited < leakgate.settle {
			time.Sleep(pause)
			if pause *= 2; pause > 50*time.Millisecond {
				pause = 50 * time.Millisecond
			}
			continue
		}
		leakgateWrite(leakgate.dir+"/before.pb.gz", leakgate.before)
		leakgateWrite(leakgate.dir+"/after.pb.gz", after)
		starters := ""
		if grown {
			starters = leakgateDump()
		}
		if pprof.Lookup("goroutineleak") != nil {
			// The first run of the detector may come before a finalizer that the second one finds
			// done.
			_ = leakgateProfile("goroutineleak")
			leakgateWrite(leakgate.dir+"/proven.pb.gz", leakgateProfile("goroutineleak"))
		}
		leakgate.mu.Lock()
		defer leakgate.mu.Unlock()
		rounds := 1
		var skipped []string
		for name, begun := range leakgate.names {
			// Of a TestMain that runs the tests again, for another database say, each time is another one.
			if begun > rounds && leakgate.runs == 1 && leakgateTop(name) == name {
				rounds = begun
			}
			if leakgate.skipped[name] == begun {
				skipped = append(skipped, leakgateJSON(name))
			}
		}
		leakgateWrite(leakgate.dir+"/end.json", []byte("{\n"+
			"  \"exit_code\": "+strconv.Itoa(m.exitCode)+",\n"+
			"  \"tests\": "+strconv.Itoa(len(leakgate.names))+",\n"+
			"  \"rounds\": "+strconv.Itoa(rounds)+",\n"+
			"  \"skipped\": ["+strings.Join(skipped, ", ")+"],\n"+
			"  \"settled\": "+strconv.FormatBool(!grown)+",\n"+
			"  \"settle_ms\": "+strconv.FormatInt(waited.Milliseconds(), 10)+",\n"+
			"  \"polls\": "+strconv.Itoa(watched.polls)+",\n"+
			"  \"starters\": {"+starters+"},\n"+
			"  \"moving\": ["+strings.Join(watched.moving(groups), ", ")+"]\n}\n"))
		return
	}
}

// leakgateIsOver says whether the process would be further by now, were it not for leakgate: most have
// ended then. What a goroutine says of a test that is over, a reason to panic elsewhere, would not have
// been heard in these.
func leakgateIsOver(panics string) bool {
	if !leakgate.over.Load() {
		return false
	}
	leakgate.mu.Lock()
	defer leakgate.mu.Unlock()
	if leakgate.unheard == "" {
		leakgate.unheard, leakgate.later = panics, time.Since(leakgate.ended)
	}
	return true
}

// leakgateGoesOn lets the process go on where it would have been without leakgate. If it takes as long to
// end as it took until something was said of a test that was over, it panics, as it would have.
func leakgateGoesOn() {
	leakgate.over.Store(false)
	leakgate.mu.Lock()
	defer leakgate.mu.Unlock()
	if unheard := leakgate.unheard; unheard != "" {
		leakgate.unheard = ""
		time.AfterFunc(leakgate.later, func() { panic(unheard) })
	}
}

// leakgateTimeout is called by the alarm, just before it ends the process.
func leakgateTimeout(after time.Duration) {
	if leakgate.dir == "" || leakgateIsBroken() {
		return
	}
	leakgateWrite(leakgate.dir+"/before.pb.gz", leakgate.before)
	leakgateWrite(leakgate.dir+"/timeout.pb.gz", leakgateProfile("goroutine"))
	starters := leakgateDump()
	leakgate.mu.Lock()
	defer leakgate.mu.Unlock()
	var names []string
	for name := range leakgate.running {
		names = append(names, leakgateJSON(name))
	}
	leakgateWrite(leakgate.dir+"/timeout.json", []byte("{\n  \"after\": "+leakgateJSON(after.String())+
		",\n  \"starters\": {"+starters+"}"+
		",\n  \"running\": ["+strings.Join(names, ", ")+"]\n}\n"))
}

// leakgateDump writes what the runtime shows of each goroutine, with the calls by which it was
// started, and gives the tests whose goroutines are named there, by id, as the inside of a JSON
// object. So many goroutines that this would take long, with the world stopped, are left alone:
// what is written then says so.
func leakgateDump() string {
	there := runtime.NumGoroutine()
	if leakgateEnviron["LEAKGATE_ORIGIN"] == "" {
		return ""
	}
	if there > 20000 {
		leakgateWrite(leakgate.dir+"/goroutines.txt", []byte("leakgate: "+strconv.Itoa(there)+" goroutines are too many for a dump\n"))
		return ""
	}
	size, most := there*2048+1<<16, 64<<20
	var dump []byte
	for {
		dump = make([]byte, size)
		dump = dump[:runtime.Stack(dump, true)]
		if len(dump) < size || size >= most {
			break
		}
		size *= 4
	}
	leakgateWrite(leakgate.dir+"/goroutines.txt", dump)
	leakgate.mu.Lock()
	defer leakgate.mu.Unlock()
	var starters []string
	named := map[string]bool{}
	for rest := dump; ; {
		at := bytes.Index(rest, []byte("goroutine "))
		if at < 0 {
			return strings.Join(starters, ", ")
		}
		rest = rest[at+len("goroutine "):]
		head := rest
		if len(head) > 20 {
			head = head[:20]
		}
		id := leakgateNumber(string(head))
		if name, ok := leakgate.started[id]; ok && !named[id] {
			named[id] = true
			starters = append(starters, leakgateJSON(id)+": "+leakgateJSON(name))
		}
	}
}

// leakgateNumber gives the digits at the start of a text.
func leakgateNumber(text string) string {
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return text[:i]
		}
	}
	return text
}

// leakgateIsBroken says whether a test has closed descriptors of the runtime's poller, and notes
// it: the process can live on for a while, but not through a profile, which stops all goroutines
// and then asks the poller.
func leakgateIsBroken() bool {
	if _, err := os.Lstat("/proc/self/fd"); runtime.GOOS != "linux" || err != nil {
		return false // where nothing tells what a descriptor is
	}
	for fd := 3; fd < 1024; fd++ {
		if poll.IsPollDescriptor(uintptr(fd)) {
			link, _ := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
			if !leakgateIsPoller(link) {
				leakgateWrite(leakgate.dir+"/poller-closed", nil)
				return true
			}
		}
	}
	return false
}

// leakgateIsPoller says whether a descriptor can be one of the poller's, by what it is open to, or
// nothing where it is closed. It has a pipe up to Go 1.22 only.
func leakgateIsPoller(link string) bool {
	version := runtime.Version()
	hasPipe := strings.HasPrefix(version, "go1.21") || strings.HasPrefix(version, "go1.22")
	return strings.HasPrefix(link, "anon_inode:") || hasPipe && strings.HasPrefix(link, "pipe:")
}

// leakgateTest marks the goroutine of a test or fuzz target with its name, which every goroutine
// that it starts inherits.
func leakgateTest(name string) {
	if leakgateIsTest(name) {
		leakgateBegin(name, true, true)
	}
}

// leakgateTested is called just before a test or fuzz target tells whoever waits for it that it has
// ended. One that panics does not come here: it is the one that the process dies of.
func leakgateTested(name string, skipped bool) {
	if leakgateIsTest(name) {
		leakgateEnd(name, skipped)
	}
}

// leakgateNamed does the same for the rest: benchmarks, and examples, which have the main
// goroutine. The result is to be called at the end.
func leakgateNamed(name string, own bool) func() {
	if !leakgateIsTest(name) {
		return func() {}
	}
	leakgateBegin(name, own, false)
	return func() {
		if leakgateCalledBy("runtime.gopanic") {
			return
		}
		leakgateEnd(name, false)
		if !own {
			pprof.SetGoroutineLabels(context.Background())
		}
	}
}

// leakgateIsTest says whether a name is that of a test: what runs them all has none, or the one of
// the main function.
func leakgateIsTest(name string) bool {
	return leakgate.dir != "" && name != "" && name != "Main"
}

// leakgateBegin notes that a test begins. An example has no goroutine of its own: it is named by its
// label alone, since whatever TestMain starts has the same ancestor. What begins once in each round of
// -count is marked with the number of its round too, from the second on; a benchmark begins as often
// as it likes.
func leakgateBegin(name string, own, inRounds bool) {
	id := ""
	if own && leakgateEnviron["LEAKGATE_ORIGIN"] != "" {
		var header [64]byte
		runtime.Stack(header[:], false)
		id = leakgateNumber(strings.TrimPrefix(string(header[:]), "goroutine "))
	}
	leakgate.mu.Lock()
	// The bubble of a test has its name, and is no round of its own.
	if leakgate.running[name] == 0 && (inRounds || leakgate.names[name] == 0) {
		leakgate.names[name]++
	}
	leakgate.running[name]++
	labels := []string{"leakgate.test", name}
	// A subtest may have another name each time.
	if round := leakgate.names[leakgateTop(name)]; round > 1 {
		labels = append(labels, "leakgate.round", strconv.Itoa(round))
	}
	if id != "" {
		leakgate.started[id] = name
	}
	leakgate.mu.Unlock()
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(labels...)))
	leakgateNote("+", name)
}

func leakgateEnd(name string, skipped bool) {
	leakgate.mu.Lock()
	if skipped {
		leakgate.skipped[name]++
	}
	if leakgate.running[name]--; leakgate.running[name] == 0 {
		delete(leakgate.running, name)
	}
	leakgate.mu.Unlock()
	leakgateNote("-", name)
}

// leakgateTop is the top-level test of a subtest.
func leakgateTop(name string) string {
	if at := strings.Index(name, "/"); at >= 0 {
		return name[:at]
	}
	return name
}

// leakgateNote notes the start or the end of a top-level test, for a process that does not live to
// tell.
func leakgateNote(sign, name string) {
	if !strings.Contains(name, "/") {
		leakgateLog(sign + name + "\n")
	}
}

// leakgateLog adds to the log of the tests. The file is not kept open: a test may close descriptors
// that it did not open, and get ours for its own.
func leakgateLog(text string) {
	path := leakgate.dir + "/tests.log"
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return // a test has put something in its place
	}
	_ = leakgateWriteFile(path, syscall.O_CREAT|syscall.O_APPEND, []byte(text))
}

// leakgateWriteFile writes to a file by plain system calls, each once more where a signal has
// interrupted it.
func leakgateWriteFile(path string, mode int, data []byte) error {
	mode |= syscall.O_WRONLY | syscall.O_CLOEXEC
	file, err := syscall.Open(path, mode, 0o666)
	for err == syscall.EINTR {
		file, err = syscall.Open(path, mode, 0o666)
	}
	if err != nil {
		return err
	}
	for len(data) > 0 && err == nil {
		var written int
		if written, err = syscall.Write(file, data); err == nil {
			data = data[written:]
		} else if err == syscall.EINTR {
			err = nil
		}
	}
	if closing := syscall.Close(file); err == nil {
		err = closing
	}
	return err
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

// leakgateGroup is one sample of a profile: goroutines that share a stack and labels.
type leakgateGroup struct {
	count  int
	frames []string // the functions of the stack, leaf first, those that were inlined at one place in one
	names  []string // all functions of the stack, leaf first
	labels string
	ofTest bool // whether a test's label is among them
}

// entry is the goroutines' entry function; empty for those that have not run yet.
func (group leakgateGroup) entry() string {
	if len(group.names) == 0 {
		return ""
	}
	return group.names[len(group.names)-1]
}

// leakgateRead reads a profile as it is kept and judged:
// https://github.com/google/pprof/blob/main/proto/profile.proto, gzipped.
func leakgateRead(profile []byte) []leakgateGroup {
	unzipped, err := gzip.NewReader(bytes.NewReader(profile))
	if err != nil {
		return nil
	}
	message, _ := io.ReadAll(unzipped)
	var samples [][]byte
	var texts []string
	names, lines := map[uint64]uint64{}, map[uint64][]uint64{} // of functions, the text; of locations, the functions
	leakgateFields(message, func(field, _ uint64, value []byte) {
		switch field {
		case 2:
			samples = append(samples, value)
		case 4:
			var id uint64
			var functions []uint64
			leakgateFields(value, func(field, number uint64, line []byte) {
				if field == 1 {
					id = number
				} else if field == 4 {
					leakgateFields(line, func(field, number uint64, _ []byte) {
						if field == 1 {
							functions = append(functions, number)
						}
					})
				}
			})
			lines[id] = functions
		case 5:
			var id uint64
			leakgateFields(value, func(field, number uint64, _ []byte) {
				if field == 1 {
					id = number
				} else if field == 2 {
					names[id] = number
				}
			})
		case 6:
			texts = append(texts, string(value))
		}
	})
	text := func(index uint64) string {
		if index < uint64(len(texts)) {
			return texts[index]
		}
		return ""
	}
	groups := make([]leakgateGroup, 0, len(samples))
	for _, sample := range samples {
		var group leakgateGroup
		frame := func(location uint64) {
			var inlined []string
			for _, function := range lines[location] {
				inlined = append(inlined, leakgatePlain(text(names[function])))
			}
			group.names = append(group.names, inlined...)
			group.frames = append(group.frames, strings.Join(inlined, "\n"))
		}
		leakgateFields(sample, func(field, number uint64, value []byte) {
			switch field {
			case 1:
				if value == nil {
					frame(number)
				}
				for len(value) > 0 {
					location, length := binary.Uvarint(value)
					if length <= 0 {
						return
					}
					frame(location)
					value = value[length:]
				}
			case 2:
				if value != nil {
					number, _ = binary.Uvarint(value)
				}
				group.count = int(number)
			case 3:
				var key, label uint64
				leakgateFields(value, func(field, number uint64, _ []byte) {
					if field == 1 {
						key = number
					} else if field == 2 {
						label = number
					}
				})
				group.ofTest = group.ofTest || text(key) == "leakgate.test"
				group.labels += leakgateJSON(text(key)) + leakgateJSON(text(label))
			}
		})
		groups = append(groups, group)
	}
	return groups
}

// leakgateFields calls each with the fields of a message: the field's number, and its value as a
// number or as bytes.
func leakgateFields(message []byte, each func(field, number uint64, value []byte)) {
	for len(message) > 0 {
		key, length := binary.Uvarint(message)
		if length <= 0 {
			return
		}
		message = message[length:]
		number, length := binary.Uvarint(message)
		if length <= 0 {
			return
		}
		message = message[length:]
		switch key & 7 {
		case 0:
			each(key>>3, number, nil)
		case 2:
			if number > uint64(len(message)) {
				return
			}
			each(key>>3, 0, message[:number:number])
			message = message[number:]
		default:
			return // a profile has no other kind
		}
	}
}

// leakgatePlain is a function's name as policies have it: without the folder it was vendored into,
// with dots for their escapes and [...] for type arguments.
func leakgatePlain(name string) string {
	if at := strings.LastIndex(name, "/vendor/"); at >= 0 && !strings.Contains(name[:at], "[") {
		name = name[at+len("/vendor/"):]
	}
	name = strings.ReplaceAll(name, "%2e", ".")
	if start, end := strings.Index(name, "["), strings.LastIndex(name, "]"); start >= 0 && start < end {
		name = name[:start] + "[...]" + name[end+1:]
	}
	return name
}

// leakgateWatch looks at a process again and again, to tell a goroutine that waits from one that is
// always somewhere else. Looks that come one right after the other count once: a machine with much
// to do may not have let anything go on between them.
type leakgateWatch struct {
	looks []leakgateLook // the last ones, the latest last
	polls int
	last  time.Duration
}

// leakgateLook has the stacks of one look, and how many goroutines there are of each outer part of
// a stack.
type leakgateLook struct {
	stacks [][]uint64 // each by its outer parts, the entry function's alone first
	counts map[uint64]int
}

// parts gives a number to each outer part of a group's stack, the entry function's alone first.
// Goroutines with other labels have other ones.
func (group leakgateGroup) parts() []uint64 {
	parts := make([]uint64, 0, len(group.frames))
	sum := uint64(14695981039346656037) // FNV-1a
	add := func(text string) {
		for i := 0; i < len(text); i++ {
			sum = (sum ^ uint64(text[i])) * 1099511628211
		}
		sum *= 1099511628211
	}
	add(group.labels)
	for i := len(group.frames) - 1; i >= 0; i-- {
		add(group.frames[i])
		parts = append(parts, sum)
	}
	return parts
}

func (watch *leakgateWatch) look(groups []leakgateGroup, now time.Duration) {
	watch.polls++
	if len(watch.looks) > 0 && now-watch.last < 20*time.Millisecond {
		watch.looks = watch.looks[:len(watch.looks)-1]
	} else {
		watch.last = now
	}
	look := leakgateLook{counts: map[uint64]int{}}
	// A process with very many goroutines is not to be held up by this.
	if len(groups) <= 1000 {
		for _, group := range groups {
			parts := group.parts()
			look.stacks = append(look.stacks, parts)
			for _, part := range parts {
				look.counts[part] += group.count
			}
		}
	}
	watch.looks = append(watch.looks, look)
	if len(watch.looks) > 64 {
		watch.looks = watch.looks[1:]
	}
}

// recent gives the last looks: what was long ago says little of where a goroutine is now.
func (watch *leakgateWatch) recent() []leakgateLook {
	if len(watch.looks) <= 12 {
		return watch.looks
	}
	return watch.looks[len(watch.looks)-12:]
}

// moving gives the samples of the last look whose goroutines were somewhere else again and again:
// the position in the profile, and how many of the outermost locations stayed the same.
func (watch *leakgateWatch) moving(groups []leakgateGroup) []string {
	if len(watch.looks) < 6 {
		return nil
	}
	recent := watch.recent()
	earlier, last := recent[:len(recent)-1], recent[len(recent)-1]
	if len(last.stacks) != len(groups) {
		return nil
	}
	// always says whether as many goroutines as now had a part, but for one look at most.
	always := func(part uint64) bool {
		others := 0
		for _, look := range earlier {
			if look.counts[part] != last.counts[part] {
				others++
			}
		}
		return others <= 1
	}
	var moving []string
	for i, parts := range last.stacks {
		// A goroutine that waits may go round between two waits; one that runs is nowhere in
		// particular.
		waits := len(parts) == 0 || len(groups[i].names) > 0 && strings.HasPrefix(groups[i].names[0], "runtime.gopark")
		if waits && (len(parts) == 0 || watch.stays(parts[len(parts)-1])) {
			continue
		}
		for kept := len(parts) - 1; kept > 0; kept-- {
			if always(parts[kept-1]) {
				if watch.changes(parts[kept-1], kept) {
					moving = append(moving, "["+strconv.Itoa(i)+", "+strconv.Itoa(kept)+"]")
				}
				break
			}
		}
	}
	return moving
}

// stays says whether a whole stack was there nearly always, or all the time of late: who came to it
// and stayed is not moving.
func (watch *leakgateWatch) stays(whole uint64) bool {
	recent := watch.recent()
	now, there, lately := recent[len(recent)-1].counts[whole], 0, true
	for i, look := range recent {
		if 2*look.counts[whole] >= now {
			there++
		} else if i >= len(recent)-6 {
			lately = false
		}
	}
	return lately || there*10 >= len(recent)*8
}

// changes says whether the stacks with an outer part of so many locations were others in every
// second look or more, or were once again what they had been before: those of a goroutine that went
// from one place to another, and stays there, were others once.
func (watch *leakgateWatch) changes(part uint64, kept int) bool {
	seen := map[uint64]bool{}
	recent, changed, again := len(watch.looks)-len(watch.recent()), 0, false
	var before uint64
	for i, look := range watch.looks {
		if len(look.stacks) == 0 {
			continue // too many goroutines to look at
		}
		var now uint64
		for _, parts := range look.stacks {
			if len(parts) >= kept && parts[kept-1] == part {
				now += parts[len(parts)-1]
			}
		}
		if i > 0 && now != before {
			again = again || now != 0 && seen[now]
			if i > recent {
				changed++
			}
		}
		before, seen[now] = now, true
	}
	return again || changed*2 >= len(watch.recent())-1
}

// leakgateGrown says whether there are goroutines that the judgement would find: any that a test
// started, and more of some entry function than before of the others. Those aside that the policy
// accepts anyway: waiting for them would cost every run the whole time to settle.
// It also gives how many goroutines the baseline accepts.
func leakgateGrown(all []leakgateGroup, waited time.Duration) (bool, int) {
	growth := map[string]int{}
	groups := append([]leakgateGroup(nil), all...)
	for _, group := range groups {
		if len(group.frames) <= 1 && waited < 100*time.Millisecond {
			return true, 0 // they have hardly begun, and it is not known yet what they will do
		}
		if !group.ofTest {
			growth[group.entry()] += group.count
		}
	}
	for entry, before := range leakgate.entries {
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
	quiet := append([]leakgateQuiet(nil), leakgate.quiet...)
	// Each that shows another one at work takes it out of what is accepted.
	for _, group := range groups {
		for q := range quiet {
			if group.count > 0 && leakgateMatchAny(quiet[q].busy, group.entry()) {
				quiet[q].max -= group.count
			}
		}
	}
	// Those that are accepted in the number of others come when that is known.
	for _, later := range []bool{false, true} {
		for i := range groups {
			group := &groups[i]
			for q := range quiet {
				if group.count <= 0 || quiet[q].asMany != later || !quiet[q].matches(group.names) {
					continue
				}
				left := quiet[q].max
				if later {
					left = quiet[left].accepted
				}
				left -= quiet[q].accepted
				if left > group.count {
					left = group.count
				}
				if left > 0 {
					quiet[q].accepted += left
					group.count -= left
				}
				break
			}
		}
	}
	inBaseline := 0
	for _, q := range quiet {
		if q.inBaseline {
			inBaseline += q.accepted
		}
	}
	for _, group := range groups {
		if group.count > 0 {
			return true, inBaseline
		}
	}
	return false, inBaseline
}

// leakgateQuiet is one line of the file "quiet": how many more goroutines are accepted, with a plus
// sign before the number where the baseline does so, or behind
// an equals sign the line, counted from 0, whose goroutines they are accepted with, one for one;
// then patterns for the import path of the package under test, for the entry function, for any
// function of the stack, for functions that must not be in it, and for the entry functions of
// goroutines that each show one of these at work; all parted by tabs, and the patterns of one kind
// by bars.
type leakgateQuiet struct {
	asMany, inBaseline       bool
	max                      int // the line, where asMany is set
	accepted                 int
	root, any, without, busy []string
}

func leakgateReadQuiet(path, importPath string) []leakgateQuiet {
	var quiet []leakgateQuiet
	for _, line := range strings.Split(leakgateReadFile(path), "\n") {
		fields := strings.Split(line, "\t")
		if len(fields) != 6 {
			continue
		}
		patterns := func(field string) []string {
			return strings.FieldsFunc(field, func(r rune) bool { return r == '|' })
		}
		most, _ := strconv.Atoi(strings.TrimPrefix(fields[0], "="))
		accepted := leakgateQuiet{
			asMany:     strings.HasPrefix(fields[0], "="),
			inBaseline: strings.HasPrefix(fields[0], "+"),
			max:        most,
			root:       patterns(fields[2]),
			any:        patterns(fields[3]),
			without:    patterns(fields[4]),
			busy:       patterns(fields[5]),
		}
		if suites := patterns(fields[1]); len(suites) > 0 && !leakgateMatchAny(suites, importPath) {
			accepted = leakgateQuiet{}
		}
		quiet = append(quiet, accepted)
	}
	return quiet
}

func (quiet leakgateQuiet) matches(names []string) bool {
	if len(names) == 0 || len(quiet.root)+len(quiet.any) == 0 {
		return false // a line for another package only keeps its number
	}
	return (len(quiet.root) == 0 || leakgateMatchAny(quiet.root, names[len(names)-1])) &&
		(len(quiet.any) == 0 || leakgateMatchAny(quiet.any, names...)) && !leakgateMatchAny(quiet.without, names...)
}

// leakgateMatchAny says whether any of the patterns matches any of the names.
func leakgateMatchAny(patterns []string, names ...string) bool {
	for _, pattern := range patterns {
		for _, name := range names {
			if leakgateMatch(pattern, name) {
				return true
			}
		}
	}
	return false
}

// leakgateMatch matches a whole name; a star matches any run of characters, but the one of a
// pointer receiver for itself.
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

// leakgateProfile takes a profile, gzipped as it is to be kept.
func leakgateProfile(name string) []byte {
	var out bytes.Buffer
	if err := pprof.Lookup(name).WriteTo(&out, 0); err != nil {
		return nil
	}
	return out.Bytes()
}

// leakgateWrite writes a whole file or none. leakgate reports one that is missing.
func leakgateWrite(path string, data []byte) {
	part := path + ".part"
	_ = os.Remove(part) // a test may have put something there
	err := leakgateWriteFile(part, syscall.O_CREAT|syscall.O_EXCL, data)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		_ = os.Remove(part)
	}
}

// leakgateReadFile reads a small regular file; nothing where there is none.
func leakgateReadFile(path string) string {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<24 {
		return ""
	}
	file, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	for err == syscall.EINTR {
		file, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	}
	if err != nil {
		return ""
	}
	text := make([]byte, info.Size())
	read := 0
	for read < len(text) {
		n, err := syscall.Read(file, text[read:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			break
		}
		read += n
	}
	_ = syscall.Close(file)
	return string(text[:read])
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
