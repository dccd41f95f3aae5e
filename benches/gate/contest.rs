//! Who is compared on what, and the tables that come of it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use tempfile::TempDir;

use crate::measure::{Cost, Subject, compare};
use crate::options::{Options, Part};
use crate::pair::{COMPRESSIBLE, Pair, USUAL, release, spread};
use crate::profile::Shape;
use crate::say;

/// A policy with one rule of each kind, and an exception: with it every stack matters, grown or
/// not.
const POLICY: &str = include_str!("policy.yml");

/// What pprof's CPU time should be at least, in units of leakgate's, from so many stacks on.
const FASTER_THAN_PPROF: [(usize, u32); 4] =
    [(1_000, 10), (10_000, 25), (100_000, 60), (500_000, 80)];

/// More stacks than this take pprof longer than anyone waits.
const PPROF_TAKES_LONG: usize = 200_000;

/// Suites in the tree of directories, and how many of them are unlike each other.
const SUITES: usize = 10_000;
const UNLIKE: usize = 100;

/// All that is needed for a run.
pub(crate) struct Contest {
    options: Options,
    /// The pprof tool, or why it is not there.
    pprof: Result<PathBuf, String>,
    policy: PathBuf,
    scratch: TempDir,
}

/// Leaves the large pairs in `directory`, for other tools to look at.
pub(crate) fn write(options: &Options, directory: &Path) -> anyhow::Result<()> {
    for (name, shape) in large(options) {
        Pair::write(&directory.join(name), shape, 1)?;
    }
    Ok(())
}

/// The large pairs that were asked for, by name.
fn large(options: &Options) -> Vec<(String, Shape)> {
    let pair = |part: &Part| match *part {
        Part::Stacks(stacks) => Some((stacks.to_string(), spread(stacks))),
        Part::Compressible => Some(("10000-compressible".to_owned(), COMPRESSIBLE)),
        Part::Release => Some(("100000-release".to_owned(), release(100_000))),
        Part::Usual | Part::Directory => None,
    };
    options.parts.iter().filter_map(pair).collect()
}

impl Contest {
    pub(crate) fn new(options: Options) -> anyhow::Result<Self> {
        let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        // The search for a policy file ends at the root of a repository.
        fs::create_dir(scratch.path().join(".git"))?;
        let policy = scratch.path().join("rules.yml");
        fs::write(&policy, POLICY)?;
        let pprof = find_pprof();
        Ok(Self {
            options,
            pprof,
            policy,
            scratch,
        })
    }

    pub(crate) fn run(&self) -> anyhow::Result<()> {
        if let Err(reason) = &self.pprof {
            say(&format!("No comparison with pprof: {reason}.\n"));
        }
        self.large()?;
        if self.options.parts.contains(&Part::Usual) {
            self.usual()?;
        }
        if self.options.parts.contains(&Part::Directory) {
            self.directory()?;
        }
        Ok(())
    }

    /// Large pairs: time, memory, and whether cost grows in a straight line.
    fn large(&self) -> anyhow::Result<()> {
        let pairs = large(&self.options);
        if pairs.is_empty() {
            return Ok(());
        }
        let mut time = heading(&[
            "stacks",
            "gzip MiB",
            "floor ms",
            "leakgate ms",
            "/ floor",
            "with rules ms",
            "/ floor",
            "target",
            "pprof ms",
            "/ leakgate",
            "target",
        ]);
        let mut memory = heading(&[
            "stacks",
            "inflated MiB",
            "peak MiB",
            "with rules",
            "target",
            "floor, wall ms",
            "leakgate",
            "with rules",
        ]);
        let mut line = heading(&[
            "stacks",
            "frames",
            "floor ns",
            "leakgate ns",
            "above floor",
            "with rules, above floor",
            "target",
        ]);
        for (name, shape) in pairs {
            let pair = Pair::write(&self.scratch.path().join(&name), shape, 1)?;
            let [floor, plain, ruled, pprof] = self.contest(&pair, shape)?;
            let (name, pprof) = (name.replace('-', ", "), pprof.cpu);
            let compressible = shape.tails.is_some();
            let of_floor = match shape.stacks {
                _ if shape.gone.is_some() => "<= 2.0",
                100_000.. if !compressible => "<= 1.8",
                _ => "",
            };
            let [pprof, times, faster] = if pprof > 0.0 {
                let times = pprof / plain.cpu;
                [
                    format!("{pprof:.0}"),
                    format!("**{times:.1}**"),
                    faster_than_pprof(shape),
                ]
            } else {
                ["-", "-", ""].map(str::to_owned)
            };
            writeln!(
                time,
                "| {name} | {:.1} | {:.1} | {:.1} | **{:.2}** | {:.1} | **{:.2}** | {of_floor} | {pprof} | {times} | {faster} |",
                pair.gzipped,
                floor.cpu,
                plain.cpu,
                plain.cpu / floor.cpu,
                ruled.cpu,
                ruled.cpu / floor.cpu,
            )?;
            writeln!(
                memory,
                "| {name} | {:.1} | **{:.1}** | **{:.1}** | <= {:.1} | {:.1} | {:.1} | {:.1} |",
                pair.inflated,
                plain.memory,
                ruled.memory,
                1.8 * pair.inflated + 8.0,
                floor.wall,
                plain.wall,
                ruled.wall,
            )?;
            let per_frame = |milliseconds: f64| milliseconds * 1e6 / pair.references as f64;
            writeln!(
                line,
                "| {name} | {} | {:.1} | {:.1} | **{:.1}** | **{:.1}** | {} |",
                pair.references,
                per_frame(floor.cpu),
                per_frame(plain.cpu),
                per_frame(plain.cpu - floor.cpu),
                per_frame(ruled.cpu - floor.cpu),
                if compressible {
                    "<= 6 above floor"
                } else {
                    "level"
                },
            )?;
        }
        say(&format!(
            "CPU time, user and system, of whole processes:\n\n{time}"
        ));
        say(&format!("Peak memory and wall time:\n\n{memory}"));
        say(&format!("CPU time by frame reference:\n\n{line}"));
        Ok(())
    }

    /// Runs the floor, leakgate, leakgate with rules and pprof on one pair. Zeros for a pprof that
    /// did not run.
    fn contest(&self, pair: &Pair, shape: Shape) -> anyhow::Result<[Cost; 4]> {
        let rounds = self.rounds(match shape.stacks {
            0..=20_000 => 15,
            20_001..=PPROF_TAKES_LONG => 7,
            _ => 5,
        });
        let floor = Subject::floor(&pair.paths(), self.scratch.path())?;
        let plain = self.leakgate(&pair.paths(), false);
        let ruled = self.leakgate(&pair.paths(), true);
        let mut subjects = vec![(&floor, rounds), (&plain, rounds), (&ruled, rounds)];
        let pprof = self.pprof(pair);
        let long = shape.stacks > PPROF_TAKES_LONG;
        if long && self.options.quick {
            say(&format!(
                "No pprof at {} stacks: it takes too long for --quick.\n",
                shape.stacks
            ));
        } else if let Some(pprof) = &pprof {
            subjects.push((pprof, if long { 1 } else { rounds.min(5) }));
        }
        let costs = compare(&subjects)?;
        Ok(std::array::from_fn(|subject| {
            costs.get(subject).copied().unwrap_or_default()
        }))
    }

    /// The pair that a test binary leaves: start-up is nearly everything.
    fn usual(&self) -> anyhow::Result<()> {
        let pair = Pair::write(&self.scratch.path().join("usual"), USUAL, 1)?;
        let nothing = Subject::new("true", [""; 0], self.scratch.path());
        let plain = self.leakgate(&pair.paths(), false);
        let ruled = self.leakgate(&pair.paths(), true);
        let pprof = self.pprof(&pair);
        let rounds = self.rounds(101);
        let mut subjects = vec![(&nothing, rounds), (&plain, rounds), (&ruled, rounds)];
        subjects.extend(pprof.iter().map(|pprof| (pprof, rounds.min(21))));
        let costs = compare(&subjects)?;
        let mut table = heading(&[
            "",
            "CPU ms",
            "wall ms",
            "peak MiB",
            "CPU above `true`",
            "wall above `true`",
            "target",
        ]);
        for (name, cost) in ["`true`", "leakgate", "leakgate with rules", "pprof"]
            .into_iter()
            .zip(&costs)
        {
            writeln!(
                table,
                "| {name} | {:.2} | {:.2} | {:.1} | **{:.2}** | **{:.2}** | {} |",
                cost.cpu,
                cost.wall,
                cost.memory,
                cost.cpu - costs[0].cpu,
                cost.wall - costs[0].wall,
                if name.starts_with("leakgate") {
                    "<= 2"
                } else {
                    ""
                },
            )?;
        }
        let size = pair.gzipped * 1024.0;
        say(&format!(
            "A usual pair ({} stacks, {size:.0} KiB):\n\n{table}",
            USUAL.stacks
        ));
        Ok(())
    }

    /// Very many usual pairs in a tree of directories.
    fn directory(&self) -> anyhow::Result<()> {
        let tree = self.scratch.path().join("tree");
        for seed in 0..UNLIKE {
            let module = tree.join(format!("module-{seed:02}"));
            let pair = Pair::write(&module.join("00"), USUAL, seed as u64)?;
            for copy in 1..SUITES / UNLIKE {
                let directory = module.join(format!("{copy:02}"));
                fs::create_dir(&directory)?;
                fs::copy(&pair.before, directory.join("before.pb.gz"))?;
                fs::copy(&pair.after, directory.join("after.pb.gz"))?;
            }
        }
        let (plain, ruled) = (
            self.leakgate(&[&tree], false),
            self.leakgate(&[&tree], true),
        );
        let rounds = self.rounds(5);
        let costs = compare(&[(&plain, rounds), (&ruled, rounds)])?;
        let mut table = heading(&["", "pairs/s", "target", "CPU ms", "wall ms", "peak MiB"]);
        for (name, cost) in ["leakgate", "leakgate with rules"].into_iter().zip(&costs) {
            writeln!(
                table,
                "| {name} | **{:.0}** | >= 5000 | {:.0} | {:.0} | {:.1} |",
                SUITES as f64 / cost.wall * 1e3,
                cost.cpu,
                cost.wall,
                cost.memory
            )?;
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        say(&format!(
            "A directory of {SUITES} usual pairs, {threads} processors:\n\n{table}"
        ));
        Ok(())
    }

    fn leakgate(&self, paths: &[&Path], rules: bool) -> Subject {
        let policy = rules.then(|| ["--policy".into(), self.policy.clone().into()]);
        let arguments = ["check".into()]
            .into_iter()
            .chain(paths.iter().map(Into::into))
            .chain(policy.into_iter().flatten());
        Subject::new(
            env!("CARGO_BIN_EXE_leakgate"),
            arguments.collect::<Vec<std::ffi::OsString>>(),
            self.scratch.path(),
        )
    }

    fn pprof(&self, pair: &Pair) -> Option<Subject> {
        let base = format!("-diff_base={}", pair.before.display());
        let arguments = ["-top".to_owned(), base, pair.after.display().to_string()];
        self.pprof
            .as_ref()
            .ok()
            .map(|pprof| Subject::new(pprof, arguments, self.scratch.path()))
    }

    fn rounds(&self, usual: usize) -> usize {
        let quick = if self.options.quick {
            usual.div_ceil(3)
        } else {
            usual
        };
        self.options.rounds.unwrap_or(quick)
    }
}

/// The first two lines of a Markdown table.
fn heading(columns: &[&str]) -> String {
    format!(
        "| {} |\n|{}\n",
        columns.join(" | "),
        "---|".repeat(columns.len())
    )
}

/// The target for pprof's CPU time in units of leakgate's.
fn faster_than_pprof(shape: Shape) -> String {
    if shape.tails.is_some() {
        return String::new();
    }
    let row = FASTER_THAN_PPROF
        .iter()
        .rfind(|&&(stacks, _)| stacks <= shape.stacks);
    row.map_or_else(String::new, |(_, times)| format!(">= {times}"))
}

/// The pprof tool's own binary, without the go command around it.
fn find_pprof() -> Result<PathBuf, String> {
    let ask = || -> anyhow::Result<PathBuf> {
        // It prints where the tool is. Go 1.25 and later have to build it first, and do.
        let output = Command::new("go")
            .args(["tool", "-n", "pprof"])
            .output()
            .context("go cannot be run")?;
        Ok(String::from_utf8(output.stdout)?.trim().into())
    };
    match ask() {
        Ok(path) if path.is_file() => Ok(path),
        Ok(_) => Err("go has no pprof tool".into()),
        Err(error) => Err(format!("{error:#}")),
    }
}
