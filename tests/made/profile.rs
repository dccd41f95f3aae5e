//! Hand-made profiles, for what no real program writes on demand: stacks that a refactoring moved,
//! goroutines without a frame, labels of any kind.

use std::collections::HashMap;

use prost::encoding::{WireType, encode_key, encode_varint};

/// Builds a goroutine profile. Every function is its own location, in `x.go`. Its line is 700, past
/// the lines where the runtime parks for nil channels, unless the frame names another.
#[derive(Default)]
pub(crate) struct Made {
    functions: Vec<String>,
    /// The position of each function.
    known: HashMap<String, usize>,
    strings: Vec<String>,
    samples: Vec<Vec<u8>>,
    /// When it was taken, in nanoseconds since 1970; 0 if unknown.
    taken: u64,
}

impl Made {
    pub(crate) fn new() -> Self {
        Self::of("goroutine")
    }

    /// A profile of this kind, such as `goroutineleak`.
    pub(crate) fn of(kind: &str) -> Self {
        Self {
            strings: ["", kind, "count", "x.go"].map(String::from).to_vec(),
            ..Self::default()
        }
    }

    /// Adds one stack for each line: a count, labels in braces, and the frames, root first.
    ///
    /// Input: `2 {leakgate.test=TestA} app.Serve app.wait runtime.gopark`
    pub(crate) fn lines(self, text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.fold(self, |made, line| {
            let (count, rest) = line.split_once(' ').unwrap_or((line, ""));
            let (labels, frames) = match rest.strip_prefix('{') {
                Some(rest) => rest.split_once('}').expect("labels end with a brace"),
                None => ("", rest),
            };
            let labels: Vec<_> = labels
                .split(' ')
                .filter_map(|label| label.split_once('='))
                .collect();
            made.labelled(
                count.parse().expect("a line starts with a count"),
                frames,
                &labels,
            )
        })
    }

    /// Sets when it was taken, in nanoseconds since 1970.
    pub(crate) fn taken(mut self, taken: u64) -> Self {
        self.taken = taken;
        self
    }

    /// Adds goroutines with these frames, written root first: "main.run main.work runtime.gopark".
    pub(crate) fn goroutines(self, count: u64, frames: &str) -> Self {
        self.labelled(count, frames, &[])
    }

    pub(crate) fn labelled(mut self, count: u64, frames: &str, labels: &[(&str, &str)]) -> Self {
        let mut sample = Vec::new();
        for frame in frames.split_whitespace().rev() {
            let next = self.functions.len();
            let known = *self.known.entry(frame.to_owned()).or_insert(next);
            if known == next {
                self.functions.push(frame.to_owned());
            }
            sample.extend(numbers(&[(1, known as u64 + 1)]));
        }
        sample.extend(numbers(&[(2, count)]));
        for (key, value) in labels {
            let label = numbers(&[(1, self.string(key)), (2, self.string(value))]);
            message(3, &label, &mut sample);
        }
        self.samples.push(sample);
        self
    }

    fn string(&mut self, text: &str) -> u64 {
        let known = self.strings.iter().position(|known| known == text);
        known.unwrap_or_else(|| {
            self.strings.push(text.to_owned());
            self.strings.len() - 1
        }) as u64
    }

    pub(crate) fn encode(mut self) -> Vec<u8> {
        let mut out = Vec::new();
        message(1, &numbers(&[(1, 1), (2, 2)]), &mut out);
        out.extend(numbers(&[(9, self.taken)]));
        self.samples
            .iter()
            .for_each(|sample| message(2, sample, &mut out));
        for (index, frame) in std::mem::take(&mut self.functions).into_iter().enumerate() {
            let line = frame
                .rsplit_once(':')
                .and_then(|(name, line)| Some((name, line.parse().ok()?)));
            let (function, line) = line.unwrap_or((&frame, 700));
            let id = index as u64 + 1;
            let mut location = numbers(&[(1, id)]);
            message(4, &numbers(&[(1, id), (2, line)]), &mut location);
            message(4, &location, &mut out);
            self.strings.push(function.to_owned());
            let name = self.strings.len() as u64 - 1;
            message(5, &numbers(&[(1, id), (2, name), (4, 3)]), &mut out);
        }
        self.strings
            .iter()
            .for_each(|string| message(6, string.as_bytes(), &mut out));
        out
    }
}

/// A length-delimited field of a message.
pub(crate) fn message(tag: u32, body: &[u8], out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(body.len() as u64, out);
    out.extend_from_slice(body);
}

/// A message of numbers: `numbers(&[(1, 7)])` has 7 in its field 1.
pub(crate) fn numbers(fields: &[(u32, u64)]) -> Vec<u8> {
    let mut out = Vec::new();
    for &(tag, value) in fields {
        encode_key(tag, WireType::Varint, &mut out);
        encode_varint(value, &mut out);
    }
    out
}
