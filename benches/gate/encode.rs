//! Writes a profile byte for byte as Go's `runtime/pprof` does (`proto.go`, `protobuf.go`,
//! `printCountProfile`).
//!
//! The order is Go's: types first, then each sample behind the locations and functions that it is
//! the first to use, then time, mappings and the string table. Ids count up from 1 in the order of
//! first use. Up to two location ids stand alone, more are packed. The value of a sample stands
//! before its locations, the mapping of a location behind its lines.

use std::collections::HashMap;
use std::io::Write as _;

use flate2::{Compression, GzBuilder};

use crate::profile::{Profile, Sample};
use crate::program::Program;

/// A profile as Go writes it into a file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) gzipped: Vec<u8>,
    /// Bytes of the message.
    pub(crate) inflated: usize,
}

/// Encodes `profile`, taken from a process that runs `program`.
pub(crate) fn encode(program: &Program, profile: &Profile, time_nanos: u64) -> File {
    let message = Encoder::new(program).profile(profile, time_nanos);
    let mut gzip = GzBuilder::new()
        .operating_system(255)
        .write(Vec::new(), Compression::new(1));
    gzip.write_all(&message)
        .expect("writing into memory does not fail");
    File {
        gzipped: gzip.finish().expect("writing into memory does not fail"),
        inflated: message.len(),
    }
}

/// Go's `profileBuilder`.
struct Encoder<'p> {
    program: &'p Program,
    bytes: Vec<u8>,
    strings: Strings,
    /// The id of each location, by its index; 0 before its first use.
    location_ids: Vec<u64>,
    function_ids: Vec<u64>,
    locations: u64,
    functions: u64,
}

#[derive(Default)]
struct Strings {
    index: HashMap<String, u64>,
    table: Vec<String>,
}

impl Strings {
    fn number(&mut self, text: &str) -> u64 {
        if let Some(&known) = self.index.get(text) {
            return known;
        }
        let number = self.table.len() as u64;
        self.index.insert(text.to_owned(), number);
        self.table.push(text.to_owned());
        number
    }
}

impl<'p> Encoder<'p> {
    fn new(program: &'p Program) -> Self {
        let mut strings = Strings::default();
        strings.number("");
        Self {
            program,
            bytes: Vec::new(),
            strings,
            location_ids: vec![0; program.locations.len()],
            function_ids: vec![0; program.functions.len()],
            locations: 0,
            functions: 0,
        }
    }

    fn profile(mut self, profile: &Profile, time_nanos: u64) -> Vec<u8> {
        self.value_type(11);
        self.number(12, 1);
        self.value_type(1);
        let mut ids = Vec::new();
        for sample in &profile.samples {
            ids.clear();
            for &location in profile.stack(sample) {
                ids.push(self.location(location as usize));
            }
            self.sample(sample, &ids);
        }
        self.number(9, time_nanos);
        let end = self.program.end.next_multiple_of(0x1000);
        self.mapping(
            1,
            (0x40_0000, end),
            "/app/shop",
            "8a5a309f8dd51cf6ad2b305612ef994464218d8d",
        );
        self.mapping(2, (0x7ffc_4cf5_c000, 0x7ffc_4cf5_e000), "[vdso]", "");
        self.mapping(
            3,
            (0xffff_ffff_ff60_0000, 0xffff_ffff_ff60_1000),
            "[vsyscall]",
            "",
        );
        for text in std::mem::take(&mut self.strings.table) {
            self.length(6, text.len());
            self.bytes.extend(text.bytes());
        }
        self.bytes
    }

    fn value_type(&mut self, tag: u64) {
        let start = self.bytes.len();
        for (field, text) in [(1, "goroutine"), (2, "count")] {
            let text = self.strings.number(text);
            self.number(field, text);
        }
        self.close(tag, start);
    }

    /// The id of a location, which is written when it has none yet.
    fn location(&mut self, index: usize) -> u64 {
        if self.location_ids[index] != 0 {
            return self.location_ids[index];
        }
        let location = &self.program.locations[index];
        self.locations += 1;
        let id = self.locations;
        self.location_ids[index] = id;
        let start = self.bytes.len();
        self.number(1, id);
        self.number(3, location.pc - 1);
        let mut new = Vec::new();
        for &(function, line) in &location.lines {
            let function = function as usize;
            if self.function_ids[function] == 0 {
                self.functions += 1;
                self.function_ids[function] = self.functions;
                new.push(function);
            }
            let start = self.bytes.len();
            self.number(1, self.function_ids[function]);
            self.number(2, line.cast_unsigned());
            self.close(4, start);
        }
        self.number(2, 1);
        self.close(4, start);
        for function in new {
            self.function(function);
        }
        id
    }

    fn function(&mut self, index: usize) {
        let function = &self.program.functions[index];
        let start = self.bytes.len();
        self.number(1, self.function_ids[index]);
        let name = self.strings.number(&function.name);
        self.number(2, name);
        self.number(3, name);
        let file = self.strings.number(&function.file);
        self.number(4, file);
        self.number(5, function.start_line.cast_unsigned());
        self.close(5, start);
    }

    fn sample(&mut self, sample: &Sample, ids: &[u64]) {
        let start = self.bytes.len();
        self.number(2, sample.count.cast_unsigned());
        if ids.len() > 2 {
            let packed = self.bytes.len();
            for &id in ids {
                self.varint(id);
            }
            self.close(1, packed);
        } else {
            for &id in ids {
                self.number(1, id);
            }
        }
        if let Some(set) = sample.labels {
            // Go sorts labels by their keys.
            if set % 2 == 1 {
                self.label("handler", &format!("/api/v1/orders/{}", set % 40));
            }
            self.label("leakgate.test", &format!("TestOrders/case_{set}"));
        }
        self.close(2, start);
    }

    fn label(&mut self, key: &str, value: &str) {
        let start = self.bytes.len();
        let (key, value) = (self.strings.number(key), self.strings.number(value));
        self.number(1, key);
        self.number(2, value);
        self.close(3, start);
    }

    fn mapping(&mut self, id: u64, (start_address, limit): (u64, u64), file: &str, build: &str) {
        let start = self.bytes.len();
        self.number(1, id);
        self.number(2, start_address);
        self.number(3, limit);
        let file = self.strings.number(file);
        self.number(5, file);
        if !build.is_empty() {
            let build = self.strings.number(build);
            self.number(6, build);
            self.number(7, 1);
        }
        self.close(3, start);
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn number(&mut self, tag: u64, number: u64) {
        self.varint(tag << 3);
        self.varint(number);
    }

    fn length(&mut self, tag: u64, length: usize) {
        self.varint(tag << 3 | 2);
        self.varint(length as u64);
    }

    /// Makes what was written since `start` a field of its own: its key and length go in front of
    /// it.
    fn close(&mut self, tag: u64, start: usize) {
        let end = self.bytes.len();
        self.length(tag, end - start);
        let header = self.bytes.len() - end;
        self.bytes[start..].rotate_right(header);
    }
}
