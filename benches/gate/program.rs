//! A made-up Go program: functions, their call sites, and what goroutines wait for.

use crate::names::{Name, Names};
use crate::random::Random;

/// The frames of each kind of wait, leaf first: name, file, and the line in it.
const WAITS: &[&[(&str, &str, i64)]] = &[
    &[
        GOPARK,
        ("runtime.chanrecv", "runtime/chan.go", 667),
        ("runtime.chanrecv1", "runtime/chan.go", 509),
    ],
    &[GOPARK, ("runtime.selectgo", "runtime/select.go", 351)],
    &[
        GOPARK,
        ("runtime.chanrecv", "runtime/chan.go", 667),
        ("runtime.chanrecv2", "runtime/chan.go", 514),
    ],
    &[
        GOPARK,
        ("runtime.chansend", "runtime/chan.go", 283),
        ("runtime.chansend1", "runtime/chan.go", 161),
    ],
    &[
        GOPARK,
        ("runtime.netpollblock", "runtime/netpoll.go", 575),
        ("internal/poll.runtime_pollWait", "runtime/netpoll.go", 351),
        (
            "internal/poll.(*pollDesc).wait",
            "internal/poll/fd_poll_runtime.go",
            84,
        ),
        ("internal/poll.(*FD).Read", "internal/poll/fd_unix.go", 165),
        ("net.(*conn).Read", "net/net.go", 196),
    ],
    &[
        GOPARK,
        ("runtime.goparkunlock", "runtime/proc.go", 486),
        ("runtime.semacquire1", "runtime/sema.go", 192),
        (
            "internal/sync.runtime_SemacquireMutex",
            "runtime/sema.go",
            95,
        ),
        (
            "internal/sync.(*Mutex).lockSlow",
            "internal/sync/mutex.go",
            149,
        ),
    ],
];

const GOPARK: (&str, &str, i64) = ("runtime.gopark", "runtime/proc.go", 474);

/// The goroutine that takes the profile, leaf first.
const CAPTURE: &[(&str, &str, i64)] = &[
    (
        "runtime.goroutineProfileWithLabels",
        "runtime/mprof.go",
        1248,
    ),
    (
        "runtime.pprof_goroutineProfileWithLabels",
        "runtime/mprof.go",
        1239,
    ),
    (
        "runtime/pprof.writeRuntimeProfile",
        "runtime/pprof/pprof.go",
        848,
    ),
    (
        "runtime/pprof.writeGoroutine",
        "runtime/pprof/pprof.go",
        781,
    ),
    (
        "runtime/pprof.(*Profile).WriteTo",
        "runtime/pprof/pprof.go",
        405,
    ),
    ("main.record", "example.com/shop/main.go", 159),
    ("main.main", "example.com/shop/main.go", 164),
    ("runtime.main", "runtime/proc.go", 290),
];

/// Where the text of the program starts.
const TEXT: u64 = 0x40_1000;

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) file: String,
    /// 1-based.
    pub(crate) start_line: i64,
}

/// One program counter, and what a goroutine that returns to it goes on with.
#[derive(Debug)]
pub(crate) struct Location {
    /// The return address.
    pub(crate) pc: u64,
    /// Function and line, innermost first: more than one where a call was inlined.
    pub(crate) lines: Vec<(u32, i64)>,
}

/// A program. Functions and locations are named by their indices.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) functions: Vec<Function>,
    pub(crate) locations: Vec<Location>,
    /// The end of the program's text.
    pub(crate) end: u64,
    /// Location indices of the capturing goroutine, leaf first.
    pub(crate) capture: Vec<u32>,
    /// Location indices of each kind of wait, leaf first.
    waits: Vec<Vec<u32>>,
    /// The call sites of each of the program's own functions: first location and how many.
    sites: Vec<(u32, usize)>,
    /// What the call site of a location calls, as an index into `sites`; 0 for the runtime's.
    callees: Vec<u32>,
}

impl Program {
    /// A program with so many functions of its own.
    pub(crate) fn new(functions: usize, random: &mut Random) -> Self {
        let mut program = Self {
            functions: Vec::new(),
            locations: Vec::new(),
            end: TEXT,
            capture: Vec::new(),
            waits: Vec::new(),
            sites: Vec::new(),
            callees: Vec::new(),
        };
        program.capture = program.library(CAPTURE);
        program.waits = WAITS.iter().map(|frames| program.library(frames)).collect();
        let mut names = Names::default();
        for _ in 0..functions {
            program.function(names.make(random), random);
        }
        program.inline(random);
        for site in program.sites[0].0 as usize..program.locations.len() {
            // A few functions are called from everywhere.
            let among = if random.percent(30) {
                functions.div_ceil(50)
            } else {
                functions
            };
            program.callees[site] = random.below(among) as u32;
        }
        program
    }

    /// Adds frames of the runtime and the standard library, or finds them, and gives their
    /// locations.
    fn library(&mut self, frames: &[(&str, &str, i64)]) -> Vec<u32> {
        let locate = |&(name, file, line): &(&str, &str, i64)| {
            if let Some(known) = self
                .functions
                .iter()
                .position(|function| function.name == name)
            {
                return known as u32;
            }
            let function = self.functions.len() as u32;
            let start_line = line - 20;
            self.functions.push(Function {
                name: name.into(),
                file: file.into(),
                start_line,
            });
            self.locations.push(Location {
                pc: self.end + 0x4f,
                lines: vec![(function, line)],
            });
            self.callees.push(0);
            self.end += 0x120;
            function
        };
        frames.iter().map(locate).collect()
    }

    /// Adds a function with one to six call sites.
    fn function(&mut self, name: Name, random: &mut Random) {
        let function = self.functions.len() as u32;
        let start_line = 10 + random.below(900) as i64;
        self.functions.push(Function {
            name: name.function,
            file: name.file,
            start_line,
        });
        let calls = 1 + random.below(6);
        self.sites.push((self.locations.len() as u32, calls));
        let (mut pc, mut line) = (self.end, start_line);
        for _ in 0..calls {
            pc += 0x10 + random.below(0xc0) as u64;
            line += 1 + random.below(12) as i64;
            self.locations.push(Location {
                pc,
                lines: vec![(function, line)],
            });
            self.callees.push(0);
        }
        self.end = (pc + 0x40).next_multiple_of(32);
    }

    /// Makes one call site in twelve one of a function that was inlined there.
    fn inline(&mut self, random: &mut Random) {
        let first = self.functions.len() - self.sites.len();
        for location in &mut self.locations[self.sites[0].0 as usize..] {
            if random.below(12) == 0 {
                let inlined = first + random.below(self.sites.len());
                let line = self.functions[inlined].start_line + 2;
                location.lines.insert(0, (inlined as u32, line));
            }
        }
    }

    /// Adds the stack of a goroutine, location indices, leaf first. With `tails`, its outer three
    /// quarters are one of so many.
    pub(crate) fn walk(
        &self,
        depth: usize,
        tails: Option<usize>,
        random: &mut Random,
        stack: &mut Vec<u32>,
    ) {
        let mut shared = tails.map(|tails| Random::new(random.below(tails) as u64));
        let wait = &self.waits[random
            .below(self.waits.len())
            .min(random.below(self.waits.len()))];
        // One function in forty is started by a go statement.
        let roots = self.sites.len().div_ceil(40);
        let mut function = shared.as_mut().unwrap_or(random).below(roots) * 40;
        let from = stack.len();
        let own = depth.saturating_sub(wait.len());
        for frame in 0..own {
            let fixed = frame < depth * 3 / 4;
            let chance = shared.as_mut().filter(|_| fixed).unwrap_or(random);
            let (first, calls) = self.sites[function];
            // The first call sites of a function are the usual ones.
            let site = first as usize + chance.below(calls).min(chance.below(calls));
            stack.push(site as u32);
            function = self.callees[site] as usize;
        }
        stack.extend(wait.iter().rev());
        stack[from..].reverse();
    }
}
