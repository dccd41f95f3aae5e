//! Turns the built-in list from YAML into JSON: leakgate reads it at every start, and JSON takes a
//! tenth of the time.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

const LIST: &str = "src/policy/builtin.yml";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={LIST}");
    println!("cargo::rerun-if-changed=build.rs");
    let list: serde_json::Value = serde_yaml::from_str(&fs::read_to_string(LIST)?)?;
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("builtin.json"), list.to_string())?;
    Ok(())
}
