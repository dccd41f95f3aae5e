//! `leakgate accept`: writes the baseline.

mod comments;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::civil::Date;

use super::{Code, config, output, sources};
use crate::baseline::{self, Added, Baseline, Pruned, Report, Terms};
use crate::escape::terminal;
use crate::files::{read_regular, write_whole};
use crate::plural::plural;
use crate::policy::{is_id, is_reason};

/// What was done.
struct Done {
    summary: String,
    /// What a person should look at.
    details: Vec<String>,
}

/// A report of more bytes is none of leakgate's: it keeps well below.
pub(super) const LARGEST_REPORT: u64 = 1 << 30;

#[derive(Debug, Args)]
pub(super) struct Accept {
    /// JSON reports, and the ids of findings or causes in them. Of several reports of one commit, the
    /// highest count of each finding is taken. Without ids, all that counts is accepted.
    #[arg(value_name = "REPORT.json|ID")]
    reports: Vec<String>,

    /// Why the leaks are accepted.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// The last day (UTC) on which they are accepted, as in 2027-03-31.
    #[arg(long, value_name = "DATE")]
    expires: Option<Date>,

    /// Who answers for them.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// Only lower and remove: entries are cut down to what the reports have. Entries of packages
    /// whose tests did not all run and pass stay as they are.
    #[arg(long, conflicts_with_all = ["reason", "expires", "owner", "resolve"])]
    prune: bool,

    /// Settle a conflict that git left in the file: of two values the smaller `max` is kept.
    #[arg(long, conflicts_with_all = ["reports", "reason", "expires", "owner"])]
    resolve: bool,

    /// The baseline file. Without this, the one in force, or else leakgate.baseline.yml beside the
    /// policy, in the root of the repository, or here.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

pub(super) fn run(accept: &Accept) -> anyhow::Result<Code> {
    refuse_ci()?;
    let path = match &accept.baseline {
        Some(path) => path.clone(),
        None => place()?,
    };
    let old = match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        _ => Some(config::read_text(&path, "baseline", baseline::LARGEST)?),
    };
    let (baseline, done) = if accept.resolve {
        let Some(text) = &old else {
            bail!("there is no {} to resolve", path.display());
        };
        resolve(&path, text)?
    } else {
        let mut baseline = match &old {
            Some(text) => Baseline::parse(&path, text)?,
            None => Baseline::default(),
        };
        let (report, ids) = read(&accept.reports)?;
        let done = if accept.prune {
            prune(&mut baseline, &report, &ids)?
        } else {
            let (reason, owner) = (accept.reason.as_deref(), accept.owner.as_deref());
            let terms = terms(reason, accept.expires, owner)?;
            add(&terms, &mut baseline, &report, &ids)?
        };
        (baseline, done)
    };
    let state = write(&path, old.as_deref(), &baseline)?;
    let repeated = baseline.repeated.iter().map(|one| {
        format!(
            "line {} repeated line {}: the smaller max was kept",
            one.line, one.earlier
        )
    });
    let details: Vec<String> = repeated.chain(done.details).collect();
    let details = details
        .iter()
        .map(|detail| format!("  {}\n", terminal(detail)));
    let details: String = details.collect();
    let (path, summary) = (path.display(), done.summary);
    let said = terminal(&format!("{summary}; {path} {state}")).into_owned();
    output::print(&format!("{said}\n{details}"))?;
    Ok(Code::Pass)
}

/// Writes the file if that changes it, and says how it is now.
fn write(path: &Path, old: Option<&str>, baseline: &Baseline) -> anyhow::Result<String> {
    let text = baseline.text();
    let is_needless = old.is_none() && baseline.entries.is_empty();
    if is_needless || old == Some(&text) {
        return Ok("is as it was".to_owned());
    }
    comments::refuse_to_lose(path, old.unwrap_or_default())?;
    let there = config::read_text(path, "baseline", baseline::LARGEST).ok();
    if there.as_deref() != old {
        bail!(
            "{} was changed meanwhile, so nothing was written: run this again",
            path.display()
        );
    }
    // What a link leads to is written, not the link.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    write_whole(&target, text.as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(match baseline.entries.len() {
        1 => "has 1 entry".to_owned(),
        entries => format!("has {entries} entries"),
    })
}

/// Where the baseline is, or where it is to be.
fn place() -> anyhow::Result<PathBuf> {
    const NAME: &str = baseline::FILE_NAMES[0];
    let here = config::here()?;
    if let Some(path) = config::baseline_in_force(&here)? {
        return Ok(path);
    }
    if config::is_never_read(&here) {
        bail!(
            "{} is the home directory or above it, where no baseline is read: run this in your module",
            here.display()
        );
    }
    if let Some(policy) = config::in_force(&here)? {
        return Ok(policy.with_file_name(NAME));
    }
    Ok(match config::repository_root(&here) {
        Some(root) if root != here => root.join(NAME),
        _ => NAME.into(),
    })
}

/// What a CI accepts, nobody has looked at.
fn refuse_ci() -> anyhow::Result<()> {
    if std::env::var("CI").is_ok_and(|ci| ci.eq_ignore_ascii_case("true") || ci == "1") {
        bail!(
            "this is a CI job, as the variable CI says, and a CI never writes the baseline: run this on your machine, and commit \
             the file"
        );
    }
    Ok(())
}

/// The text of a baseline of all that counts in these reports, and how many entries it has.
///
/// # Errors
/// A report that cannot be read, or whose suites have no names that last; a day that is over.
pub(super) fn baseline_of(
    reports: &[String],
    reason: &str,
    expires: Date,
) -> anyhow::Result<(String, usize)> {
    refuse_ci()?;
    let (report, ids) = read(reports)?;
    if let Some(id) = ids.first() {
        bail!("{id} is no report");
    }
    let terms = terms(Some(reason), Some(expires), None)?;
    let mut baseline = Baseline::default();
    let done = add(&terms, &mut baseline, &report, &[])?;
    done.details.iter().for_each(|detail| super::say(detail));
    Ok((baseline.text(), baseline.entries.len()))
}

/// Refuses suites that have another name on every machine.
fn refuse_unlasting(report: &Report) -> anyhow::Result<()> {
    let mut suites = report.findings.iter();
    let unlasting = suites.find(|((_, suite), one)| one.is_open && Path::new(suite).is_absolute());
    if let Some(((_, suite), _)) = unlasting {
        bail!(
            "the suite {suite} has the name of a file, which other machines do not have: give it one with --suite when you \
             write the report"
        );
    }
    Ok(())
}

/// Reads the reports among what was given; the rest are ids.
fn read(given: &[String]) -> anyhow::Result<(Report, Vec<String>)> {
    let is_no_file = |one: &&String| is_id(one) && !Path::new(one).exists();
    let (ids, paths): (Vec<&String>, Vec<&String>) = given.iter().partition(is_no_file);
    if paths.is_empty() {
        bail!(
            "no report is given: write one first, with `leakgate run --report json=report.json -- go test ./...`"
        );
    }
    let mut all: Option<Report> = None;
    for path in paths {
        let bytes = read_regular(Path::new(path), LARGEST_REPORT)
            .with_context(|| format!("the report {path} cannot be read"))?;
        let report =
            Report::parse(&bytes).with_context(|| format!("the report {path} cannot be used"))?;
        all = Some(match all {
            Some(all) => all.merge(report),
            None => report,
        });
    }
    let ids = ids.into_iter().cloned().collect();
    Ok((all.unwrap_or_default(), ids))
}

fn add(
    terms: &Terms,
    baseline: &mut Baseline,
    report: &Report,
    ids: &[String],
) -> anyhow::Result<Done> {
    refuse_unlasting(report)?;
    let Added {
        added,
        raised,
        renewed,
        unknown,
    } = baseline::accept(baseline, report, ids, terms);
    if !unknown.is_empty() {
        bail!(
            "no report has a finding or a cause {}: nothing was written",
            unknown.join(", ")
        );
    }
    let left_out = (report.left_out > 0).then(|| {
        let left_out = plural(report.left_out, "finding");
        format!("the reports had no room for {left_out}: run the tests again for a report of these")
    });
    let findings = report.findings.iter();
    let doubtful = findings.filter(|((_, suite), one)| one.is_open && !report.is_judged(suite));
    let doubtful: BTreeSet<&String> = doubtful.map(|((_, suite), _)| suite).collect();
    let doubtful = doubtful.into_iter().map(|suite| {
        format!("not all tests of {suite} ran and passed: counts may be too high, or too low")
    });
    Ok(Done {
        summary: format!("added {added}, raised {raised}, renewed {renewed}"),
        details: left_out.into_iter().chain(doubtful).collect(),
    })
}

/// What is said of the findings.
fn terms(
    reason: Option<&str>,
    expires: Option<Date>,
    owner: Option<&str>,
) -> anyhow::Result<Terms> {
    let (Some(reason), Some(expires)) = (reason, expires) else {
        bail!("--reason and --expires are needed: why the leaks are accepted, and until which day");
    };
    if !is_reason(reason) {
        bail!("the reason is empty: say why the leaks are accepted");
    }
    if expires < config::today() {
        bail!("{expires} is over: the last day has to be today or later");
    }
    Ok(Terms {
        reason: reason.to_owned(),
        expires,
        owner: owner.map(str::to_owned),
    })
}

fn prune(baseline: &mut Baseline, report: &Report, ids: &[String]) -> anyhow::Result<Done> {
    if let Some(id) = ids.first() {
        bail!("--prune takes reports only, and {id} is an id");
    }
    if report.left_out > 0 {
        bail!(
            "a report had no room for {}, so it is not known what is gone",
            plural(report.left_out, "finding")
        );
    }
    let Pruned {
        removed,
        lowered,
        moved,
        not_judged,
    } = baseline::prune(baseline, report);
    let kept = not_judged.iter();
    let here = config::here()?;
    let kept = kept.map(|(suite, count)| {
        let entries = if *count == 1 { "entry" } else { "entries" };
        let why = if report.suites.contains_key(suite) {
            "not all of its tests ran and passed in each report that has it (without -run, -skip, -short and --base)"
        } else if sources::has_tests(suite, &here) == Some(false) {
            "this module has no such tests any more, so take them out by hand"
        } else {
            "no report has it"
        };
        format!("kept {count} {entries} of {suite}: {why}")
    });
    let details: Vec<String> = kept.collect();
    Ok(Done {
        summary: format!("removed {removed}, lowered {lowered}, moved {moved}"),
        details,
    })
}

fn resolve(path: &Path, text: &str) -> anyhow::Result<(Baseline, Done)> {
    let resolved = baseline::resolve(path, text)?;
    let one_sided = resolved.one_sided.iter();
    let one_sided = one_sided.map(|(id, suite)| {
        format!("kept {id} of {suite}, which one side does not have: `accept --prune` will tell")
    });
    let reworded = resolved.reworded.iter();
    let reworded = reworded.map(|(id, suite)| {
        format!("both sides have {id} of {suite} with the same max, and other words or dates: look at what was kept")
    });
    let done = Done {
        summary: format!("lowered {}", resolved.lowered),
        details: one_sided.chain(reworded).collect(),
    };
    Ok((resolved.baseline, done))
}
