//! Signals: before the command, while it runs, and after it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{go, has, scratch};

const LEAKGATE: &str = env!("CARGO_BIN_EXE_leakgate");

/// leakgate around a shell script, in a scratch folder with its own folder for temporary files.
struct Running {
    folder: tempfile::TempDir,
    child: Child,
}

impl Running {
    /// Starts leakgate itself.
    fn start(flags: &[&str], script: &str) -> Self {
        let folder = scratch(&[("script.sh", script), ("tmp/.keep", "")]);
        let mut leakgate = go().command(LEAKGATE, folder.path());
        leakgate.arg("run").args(flags);
        leakgate.args(["--", "sh", "script.sh"]);
        Self::spawn(folder, &mut leakgate)
    }

    /// Starts a command that starts leakgate by its path in `$LEAKGATE`.
    fn start_by(command: &[&str], script: &str) -> Self {
        let folder = scratch(&[("script.sh", script), ("tmp/.keep", "")]);
        let mut starter = go().command(command[0], folder.path());
        starter.args(&command[1..]).env("LEAKGATE", LEAKGATE);
        Self::spawn(folder, &mut starter)
    }

    fn spawn(folder: tempfile::TempDir, command: &mut Command) -> Self {
        let child = command
            .env("TMPDIR", folder.path().join("tmp"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { folder, child }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn kill(&self, signal: &str) {
        kill(signal, &self.child.id().to_string());
    }

    /// Waits until the script has written a file, and returns its contents.
    fn wait_for(&mut self, name: &str) -> String {
        let path = self.path(name);
        let start = Instant::now();
        while !path.exists() {
            assert!(
                self.child.try_wait().unwrap().is_none(),
                "it ended by itself"
            );
            assert!(start.elapsed() < Duration::from_secs(60), "no {name}");
            thread::sleep(Duration::from_millis(10));
        }
        fs::read_to_string(path).unwrap()
    }

    /// Its exit code, or the signal as a negative number. Checks that no temporary file is left.
    fn end(&mut self) -> i32 {
        let status = self.child.wait().unwrap();
        let left = fs::read_dir(self.path("tmp")).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [".keep"]);
        status
            .code()
            .or(status.signal().map(|signal| -signal))
            .unwrap()
    }
}

fn kill(signal: &str, process: &str) {
    let kill = Command::new("kill").args([signal, process.trim()]).status();
    assert!(kill.unwrap().success());
}

/// A service that answers this many requests with a profile, and the next one not at all. Sends a
/// message for each request.
fn service(answers: usize) -> (String, Receiver<()>) {
    let profile = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/profiles/go1.27/send-abandoned/before.pb.gz");
    let profile = fs::read(profile).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("--url=http://{}", listener.local_addr().unwrap());
    let (asked, requests) = channel();
    thread::spawn(move || {
        for number in 0.. {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            asked.send(()).unwrap();
            if number >= answers {
                thread::sleep(Duration::from_secs(60));
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                profile.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&profile).unwrap();
        }
    });
    (url, requests)
}

/// Runs until there is a file `stop`, at most some seconds.
const WAIT: &str = "for _ in $(seq 200); do [ -e stop ] || sleep 0.05; done\n";

#[test]
fn a_signal_reaches_the_command() {
    let script = format!("trap 'exit 9' TERM\n: > ready\n{WAIT}");
    let mut running = Running::start(&[], &script);
    running.wait_for("ready");
    running.kill("-TERM");
    assert_eq!(running.end(), 9);
}

#[test]
fn a_signal_reaches_what_the_command_starts_if_the_command_passes_it_on() {
    let script = format!(
        "sh -c 'trap \": > got; exit\" TERM; : > inner; {}' &\n\
         trap \"kill -TERM $!; wait $!; exit 7\" TERM\n\
         while [ ! -e inner ]; do sleep 0.01; done\n: > ready\nwait\n",
        WAIT.trim()
    );
    let mut running = Running::start(&[], &script);
    running.wait_for("ready");
    running.kill("-TERM");
    assert_eq!(running.end(), 7);
    assert!(running.path("got").exists());
}

#[test]
fn a_command_that_a_signal_ends_gives_the_exit_code_of_shells() {
    for (signal, code) in [("-INT", 130), ("-HUP", 129), ("-TERM", 143)] {
        let mut running = Running::start(&[], ": > ready\nexec sleep 10\n");
        running.wait_for("ready");
        running.kill(signal);
        assert_eq!(running.end(), code, "{signal}");
    }
}

#[test]
fn a_test_binary_that_outlives_leakgate_leaves_nothing_behind() {
    for signal in ["-TERM", "-HUP"] {
        // The shell ends and does not pass the signal on, so go test and its test binary continue
        // without leakgate.
        let script = "while [ ! -e go.mod ]; do sleep 0.01; done\ngo test -p 1 ./... &\n\
             while [ ! -e begun ]; do sleep 0.01; done\n: > ready\nwait\n";
        let mut running = Running::start(&[], script);
        let test = "package slow\n\nimport (\n\t\"os\"\n\t\"testing\"\n\t\"time\"\n)\n\n\
                    func TestSlow(t *testing.T) {\n\tos.WriteFile(\"../begun\", nil, 0o666)\n\
                    \ttime.Sleep(time.Second)\n\tos.WriteFile(\"../over\", nil, 0o666)\n}\n";
        fs::create_dir(running.path("slow")).unwrap();
        fs::write(running.path("slow/slow_test.go"), test).unwrap();
        let later = test
            .replace("package slow", "package later")
            .replace("../begun", "../next")
            .replace("../over", "../last");
        fs::create_dir(running.path("later")).unwrap();
        fs::write(running.path("later/later_test.go"), later).unwrap();
        fs::write(
            running.path("go.mod"),
            "module example.com/slow\n\ngo 1.21\n",
        )
        .unwrap();
        running.wait_for("ready");
        running.kill(signal);
        running.child.wait().unwrap();
        let start = Instant::now();
        while !running.path("over").exists() || !running.path("last").exists() {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "the tests did not go on"
            );
            thread::sleep(Duration::from_millis(10));
        }
        // Wait until go test, the parent of the tests, has removed its own folder.
        while fs::read_dir(running.path("tmp")).unwrap().count() > 1 {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{:?}",
                fs::read_dir(running.path("tmp"))
                    .unwrap()
                    .collect::<Vec<_>>()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let script = format!(": > ready\n{WAIT}exit 5\n");
    let mut running = Running::start_by(
        &[
            "sh",
            "-c",
            "trap '' HUP INT; exec \"$LEAKGATE\" run -- sh script.sh",
        ],
        &script,
    );
    running.wait_for("ready");
    running.kill("-HUP");
    running.kill("-INT");
    thread::sleep(Duration::from_millis(100));
    fs::write(running.path("stop"), "").unwrap();
    assert_eq!(running.end(), 5);
}

#[test]
fn a_signal_ends_leakgate_before_the_command_and_after_it() {
    for answers in [0, 1] {
        let (url, requests) = service(answers);
        let mut running = Running::start(&[&url, "--timeout=5s"], "exit 0\n");
        for _ in 0..=answers {
            requests.recv().unwrap();
        }
        running.kill("-TERM");
        assert_eq!(running.end(), -15, "after {answers} captures");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn at_a_terminal_a_typed_or_sent_signal_reaches_the_command_once() {
    assert!(has("script"), "this test needs script, of util-linux");
    let script = format!(
        "trap 'echo got >> got' INT\necho $PPID > pid.part\nmv pid.part pid\n{WAIT}exit 4\n"
    );
    for typed in [true, false] {
        // `script` gives leakgate a terminal.
        let command = [
            "script",
            "--quiet",
            "--return",
            "--command",
            "exec \"$LEAKGATE\" run -- sh script.sh",
            "/dev/null",
        ];
        let mut running = Running::start_by(&command, &script);
        let leakgate = running.wait_for("pid");
        if typed {
            let terminal = running.child.stdin.as_mut().unwrap();
            terminal.write_all(b"\x03").unwrap();
            terminal.flush().unwrap();
        } else {
            kill("-INT", &leakgate);
        }
        running.wait_for("got");
        thread::sleep(Duration::from_millis(300));
        fs::write(running.path("stop"), "").unwrap();
        assert_eq!(running.end(), 4, "typed: {typed}");
        assert_eq!(
            fs::read_to_string(running.path("got")).unwrap(),
            "got\n",
            "typed: {typed}"
        );
    }
}
