//! From a path to the bytes of a profile: reading, inflating within limits, pairing the files of a
//! directory.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;

use crate::dump;
use crate::files::open_regular;
use crate::profile::DecodeError;
use crate::translate::{self, Form, Unreadable};

mod pairs;

pub use pairs::{ENDINGS, ListError, pair_directories, pair_directory};

/// A profile larger than this many bytes, inflated, is refused unless the caller raises the limit:
/// 512 MiB. Half a million goroutines with twenty frames each, no two alike, take 40 MiB.
pub const DEFAULT_LIMIT: u64 = 512 << 20;

/// Deflate cannot do better than this many to one, so a size hint beyond it is a lie.
const MAX_RATIO: u64 = 1040;

/// The inflated bytes of a profile, and what was odd about the file though it could be read.
#[derive(Debug)]
pub struct Bytes {
    /// The protobuf message; of a text dump, what it was translated to.
    pub inflated: Vec<u8>,
    /// What the file was.
    pub form: Form,
    /// For a reader of the report; empty for an ordinary file.
    pub notes: Vec<String>,
    /// Why it cannot be judged, though it can be shown: it is probably a part of a dump.
    pub doubt: Option<&'static str>,
}

/// A file that gives no profile.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", .path.display())]
pub struct InputError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: InputProblem,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum InputProblem {
    /// It cannot be opened or read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// Its gzip stream ends before its end.
    #[error("the gzip stream ends early, after {0} bytes of profile")]
    CutOff(usize),
    /// Its gzip stream is damaged.
    #[error("the gzip stream is damaged after {at} bytes of profile: {reason}")]
    Gzip {
        /// Inflated bytes read until then.
        at: usize,
        /// The inflater's words.
        reason: String,
    },
    /// Bytes after the gzip stream that are neither padding nor another stream.
    #[error(
        "after the gzip stream come {0} bytes that are neither zero padding nor another gzip stream"
    )]
    TrailingGarbage(usize),
    /// More inflated bytes than the limit.
    #[error("it inflates to more than {0} bytes")]
    TooLarge(u64),
    /// Not a goroutine profile.
    #[error("{0}")]
    Decode(#[from] DecodeError),
    /// A text dump that is not whole.
    #[error("{0}")]
    Dump(#[from] Unreadable),
}

impl Bytes {
    fn ordinary(inflated: Vec<u8>) -> Self {
        Self {
            inflated,
            form: Form::Protobuf,
            notes: Vec::new(),
            doubt: None,
        }
    }
}

impl InputError {
    /// What a person can do about it, as a full sentence.
    pub fn fix(&self) -> &'static str {
        match &self.problem {
            InputProblem::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
                "Check the path, and that the step which captures this profile ran."
            }
            InputProblem::Io(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
                "Name a file in it: only `leakgate check` takes folders."
            }
            InputProblem::Io(_) => {
                "Check that it is a regular file that this user may read; save what comes through a pipe to a file first."
            }
            InputProblem::CutOff(_)
            | InputProblem::Gzip { .. }
            | InputProblem::TrailingGarbage(_) => {
                "The file was cut off or damaged: capture it again, and write to a temporary name first."
            }
            InputProblem::TooLarge(_) => {
                "If a profile of yours really is that large, raise --max-inflated."
            }
            InputProblem::Decode(error) => error.fix(),
            InputProblem::Dump(error) => error.fix(),
        }
    }
}

/// Reads a profile, gzipped or plain, of at most `limit` inflated bytes. The text of a dump is
/// translated to one.
///
/// # Errors
/// A file that cannot be read, is not whole, or inflates past the limit.
pub fn read(path: &Path, limit: u64) -> Result<Bytes, InputError> {
    let open = || -> Result<Bytes, InputProblem> {
        let file = open_regular(path)?;
        let size = file.metadata()?.len();
        let mut reader = BufReader::with_capacity(1 << 16, file);
        reader.fill_buf()?;
        let last = match reader.buffer() {
            whole if whole.len() as u64 == size => whole.last_chunk::<4>().copied(),
            start if is_gzip(start) => last_four(reader.get_ref(), size).ok(),
            _ => None,
        };
        translated(drain(&mut reader, size, last, limit)?)
    };
    open().map_err(|problem| InputError {
        path: path.to_owned(),
        problem,
    })
}

/// The profile that a dump stands for. Text without a goroutine is left as it is: what it is
/// instead is said by the one who decodes it.
fn translated(mut bytes: Bytes) -> Result<Bytes, InputProblem> {
    if !translate::is_text(&bytes.inflated) {
        return Ok(bytes);
    }
    let translated = translate::translate(&dump::text_of(&bytes.inflated))?;
    if let Some(translated) = translated {
        bytes.inflated = translated.bytes;
        bytes.form = translated.form;
        bytes.doubt = translated.doubt;
        bytes.notes.extend(translated.notes);
    }
    Ok(bytes)
}

/// Inflates a profile that is in memory already, gzipped or plain, to at most `limit` bytes.
///
/// # Errors
/// A gzip stream that is not whole, or inflates past the limit.
pub fn inflate(mut bytes: &[u8], limit: u64) -> Result<Bytes, InputProblem> {
    let (size, last) = (bytes.len() as u64, bytes.last_chunk::<4>().copied());
    drain(&mut bytes, size, last, limit)
}

/// Inflates what `reader` holds; `size` is the number of its bytes and `last` are its last four, as
/// hints.
fn drain(
    reader: &mut impl BufRead,
    size: u64,
    last: Option<[u8; 4]>,
    limit: u64,
) -> Result<Bytes, InputProblem> {
    let mut inflated = Vec::new();
    if !is_gzip(reader.fill_buf()?) {
        inflated.reserve_exact(usize::try_from(size.min(limit)).unwrap_or(0) + 1);
        reader.by_ref().take(limit + 1).read_to_end(&mut inflated)?;
        within(&inflated, limit)?;
        return Ok(Bytes::ordinary(inflated));
    }
    inflated.reserve_exact(size_hint(last, size, limit));
    loop {
        let left = limit + 1 - inflated.len() as u64;
        let mut member = GzDecoder::new(&mut *reader);
        if let Err(error) = member.by_ref().take(left).read_to_end(&mut inflated) {
            let at = inflated.len();
            return Err(match error.kind() {
                std::io::ErrorKind::UnexpectedEof => InputProblem::CutOff(at),
                _ => InputProblem::Gzip {
                    at,
                    reason: error.to_string(),
                },
            });
        }
        within(&inflated, limit)?;
        let rest = reader.fill_buf()?;
        if rest.is_empty() {
            return Ok(Bytes::ordinary(inflated));
        }
        if !is_gzip(rest) {
            return trailing(reader, inflated);
        }
    }
}

/// What follows the last gzip member: zero padding is noted, anything else is an error.
fn trailing(reader: &mut impl BufRead, inflated: Vec<u8>) -> Result<Bytes, InputProblem> {
    let (mut rest, mut all_zero) = (0, true);
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        all_zero &= chunk.iter().all(|&byte| byte == 0);
        let length = chunk.len();
        rest += length;
        reader.consume(length);
    }
    if !all_zero {
        return Err(InputProblem::TrailingGarbage(rest));
    }
    Ok(Bytes {
        notes: vec![format!(
            "{rest} zero bytes of padding after the gzip stream"
        )],
        ..Bytes::ordinary(inflated)
    })
}

fn within(inflated: &[u8], limit: u64) -> Result<(), InputProblem> {
    if inflated.len() as u64 > limit {
        Err(InputProblem::TooLarge(limit))
    } else {
        Ok(())
    }
}

fn is_gzip(start: &[u8]) -> bool {
    start.starts_with(&[0x1f, 0x8b])
}

/// How much to reserve: the size that the last four bytes of a gzip stream give, as far as it can
/// be true.
fn size_hint(last: Option<[u8; 4]>, size: u64, limit: u64) -> usize {
    let hint = last.map_or(0, |last| u64::from(u32::from_le_bytes(last)));
    let hint = hint.min(size.saturating_mul(MAX_RATIO)).min(limit);
    // One byte more, so that reading to the end does not grow a buffer that is just full.
    usize::try_from(hint + 1).unwrap_or(0)
}

/// The last four bytes of a file, which is left where it was.
fn last_four(mut file: &File, size: u64) -> std::io::Result<[u8; 4]> {
    let here = file.stream_position()?;
    let mut last = [0; 4];
    file.seek(SeekFrom::Start(size.saturating_sub(4)))?;
    let read = file.read_exact(&mut last);
    file.seek(SeekFrom::Start(here))?;
    read.map(|()| last)
}
