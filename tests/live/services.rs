//! `leakgate run --url`: a live service around any command.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::{go, packages, scratch};

/// The service of testdata/run, running.
struct Service {
    process: Child,
    program: PathBuf,
    url: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Service {
    fn start(folder: &std::path::Path) -> Self {
        let program = folder.join("service");
        let built = go()
            .command("go", &packages())
            .args(["build", "-o"])
            .arg(&program)
            .arg("./service")
            .status()
            .unwrap();
        assert!(built.success());
        let mut process = Command::new(&program)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        // It prints its address just before it starts to wait there.
        std::thread::sleep(std::time::Duration::from_millis(200));
        Self {
            process,
            program,
            url: url.trim().to_owned(),
        }
    }
}

#[test]
fn a_service_is_captured_around_the_command() {
    let folder = scratch(&[]);
    let service = Service::start(folder.path());
    let pay = format!("{}/pay", service.url);
    let url = format!("--url={}", service.url);
    let get = [service.program.to_str().unwrap(), "get", &pay];
    let ran = go().at(folder.path()).flag(&url).run_words(&get).exits(1);
    assert_eq!(ran.stdout, "paid\n");
    ran.finds(&[("main.forget", &[])]);
    assert!(!ran.stderr.contains("TestMain"), "{}", ran.stderr);
    assert_eq!(
        ran.suites(),
        [service.url.trim_start_matches("http://").replace(':', "-")]
    );
    go().at(folder.path()).flag(&url).run("true").exits(0);
}

#[test]
fn a_service_that_does_not_answer_keeps_the_command_from_running() {
    let folder = scratch(&[]);
    let ran = go()
        .at(folder.path())
        .flag("--url=http://127.0.0.1:1")
        .run("touch ran")
        .exits(3);
    ran.says("the command was not run");
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn a_service_that_is_gone_afterwards_is_unchecked() {
    let folder = scratch(&[]);
    let service = Service::start(folder.path());
    let url = format!("--url={}", service.url);
    let kill = service.process.id().to_string();
    go().at(folder.path())
        .flag(&url)
        .run(&format!("kill {kill}"))
        .exits(3)
        .says("UNCHECKED 127.0.0.1-");
}
