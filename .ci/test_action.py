"""action.yml, run as a runner of GitHub Actions would: `.ci/action` starts this. LEAKGATE is the binary, go is on the PATH."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

import composite

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROFILES = ROOT / "testdata/profiles/go1.27"
LEAK = {"before": PROFILES / "mutex-unlocked/before.pb.gz", "after": PROFILES / "mutex-unlocked/after.pb.gz"}
CLEAN = {"before": PROFILES / "mutex-unlocked-clean/before.pb.gz", "after": PROFILES / "mutex-unlocked-clean/after.pb.gz"}
BINARY = pathlib.Path(os.environ["LEAKGATE"]).resolve()
VERSION = next(line.split('"')[1] for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version = "))
# The last line of a finding in the text.
FINDING = re.compile(r"^  id +([0-9a-f]{12})$", re.MULTILINE)
COUNTS = ("violations", "warnings", "allowed")


class Case(unittest.TestCase):
    """A job with a checkout of its own, and leakgate on the PATH."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.workspace, self.state, self.programs = (self.made(name) for name in ("work", "temp", "programs"))
        self.env = {"PATH": f"{self.programs}:{os.environ['PATH']}"}
        (self.programs / "leakgate").symlink_to(BINARY)

    def made(self, name):
        path = self.folder / name
        path.mkdir()
        return path

    def program(self, name, script):
        path = self.programs / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def act(self, action=ROOT, **inputs):
        return composite.Runner(action, self.workspace, self.state, self.env).run(**{"install": "path", **inputs})

    def expect(self, done, result, code):
        """The result and the code, said by the outputs and by the step `verdict` alike."""
        said = (done.outputs["result"], done.outputs["exit-code"], done.code, done.failed)
        self.assertEqual(said, (result, str(code), code, "verdict" if code else None), done.log)

    def counts(self, done):
        return tuple(done.outputs[name] for name in COUNTS)

    def refused(self, message, **inputs):
        """Wrong inputs: an annotation that says so, and no report."""
        done = self.act(**inputs)
        self.expect(done, "error", 2)
        self.assertIn("::error title=leakgate::", done.log)
        self.assertIn(message, done.log)
        self.assertEqual(self.counts(done), ("", "", ""))
        self.assertEqual(done.outputs["report-json"], "")


class Results(Case):
    def test_clean_profiles_pass(self):
        done = self.act(**CLEAN)
        self.expect(done, "pass", 0)
        self.assertEqual(self.counts(done), ("0", "0", "0"))

    def test_a_leak_fails_and_every_report_is_there(self):
        done = self.act(**LEAK)
        self.expect(done, "fail", 1)
        self.assertEqual(self.counts(done), ("1", "0", "0"))
        for name, text in (("json", '"leakgate.report/1"'), ("sarif", '"2.1.0"'), ("markdown", "mutex")):
            path = pathlib.Path(done.outputs[f"report-{name}"])
            self.assertTrue(path.is_absolute() and path.is_relative_to(self.state), path)
            self.assertIn(text, path.read_text())
        self.assertIn("5 more goroutines than before", done.log)
        self.assertIn("\n::error ", done.log)
        self.assertIn(pathlib.Path(done.outputs["report-markdown"]).read_text(), done.summary)

    def test_annotations_and_summary_can_be_left_out(self):
        done = self.act(annotations="false", summary="false", **LEAK)
        self.expect(done, "fail", 1)
        self.assertIn("5 more goroutines than before", done.log)
        self.assertNotIn("::error", done.log)
        self.assertEqual(done.summary, "")
        self.assertTrue(pathlib.Path(done.outputs["report-markdown"]).is_file())

    def test_a_missing_profile_is_no_evidence_even_when_nothing_may_fail(self):
        done = self.act(before=LEAK["before"], after="nowhere.pb.gz", fail_on="never")
        self.expect(done, "no-evidence", 3)
        self.assertIn("nowhere.pb.gz", done.summary)

    def test_nothing_fails_the_build_with_fail_on_never_and_the_leak_is_still_reported(self):
        done = self.act(fail_on="never", **LEAK)
        self.expect(done, "pass", 0)
        self.assertEqual(self.counts(done), ("1", "0", "0"))
        self.assertIn("5 more goroutines than before", done.log)

    def test_a_policy_and_reports_are_relative_to_the_working_directory(self):
        below = self.workspace / "sub dir"
        below.mkdir()
        (below / "my policy.yml").write_text(
            "version: 1\nallow:\n  - { match: { state: sync.Mutex.Lock }, max: 5, reason: known, expires: 2999-01-01 }\n"
        )
        done = self.act(
            working_directory="sub dir", policy="my policy.yml", reports="json=my report.json\r\n\n  text=all.txt \n", **LEAK
        )
        self.expect(done, "pass", 0)
        self.assertEqual(self.counts(done), ("0", "0", "1"))
        self.assertEqual(done.outputs["report-json"], str(below / "my report.json"))
        self.assertTrue((below / "my report.json").is_file() and (below / "all.txt").is_file())

    def test_what_a_baseline_accepts_passes(self):
        report = self.act(suite="shop", **LEAK).outputs["report-json"]
        written = self.workspace / "known leaks.yml"
        command = [BINARY, "accept", report, "--reason", "known", "--expires", "2999-01-01", "--baseline", written]
        subprocess.run(command, check=True, env={"PATH": self.env["PATH"]}, stdout=subprocess.DEVNULL)
        done = self.act(suite="shop", baseline="known leaks.yml", **LEAK)
        self.expect(done, "pass", 0)
        self.assertEqual((self.counts(done), done.outputs["accepted"]), (("0", "0", "1"), "1"))

    def test_a_policy_that_is_wrong_is_an_error_at_its_line(self):
        (self.workspace / "leakgate.yml").write_text("version: 1\nrule: []\n")
        done = self.act(**LEAK)
        self.expect(done, "error", 2)
        self.assertIn("leakgate.yml:2:1", done.log)
        self.assertEqual(done.outputs["report-sarif"], "")

    def test_two_uses_in_one_job_do_not_meet(self):
        first, second = self.act(**LEAK), self.act(**CLEAN)
        self.expect(first, "fail", 1)
        self.expect(second, "pass", 0)
        self.assertNotEqual(first.outputs["report-json"], second.outputs["report-json"])


class Inputs(Case):
    def test_something_to_check_is_needed_and_only_one_thing(self):
        self.refused("nothing to check")
        self.refused("nothing to check", run=" \n")
        self.refused("both given", run="go test ./...", **LEAK)
        self.refused("both given", run="go test ./...", before="x")
        self.refused("go together", before="x")
        self.refused("go together", after="x")
        self.refused("base goes with run", base="HEAD^1", **LEAK)
        self.refused("confirm goes with run", confirm="5", **LEAK)

    def test_words_that_are_not_known_are_refused(self):
        self.refused('fail-on is "neveer"', fail_on="neveer", **LEAK)
        self.refused('"yes" and "true"', annotations="yes", **LEAK)
        self.refused('"true" and ""', summary="", **LEAK)
        self.refused('"json" of the input reports is not format=path', reports="json", **LEAK)
        self.refused('"json=" of the input reports is not format=path', reports="text=a\njson=", **LEAK)
        self.refused('"nowhere" cannot be entered', working_directory="nowhere", **LEAK)
        self.refused("line break", working_directory="a\nb", **LEAK)

    def test_a_format_that_leakgate_does_not_know_is_refused(self):
        done = self.act(reports="pdf=x.pdf", **LEAK)
        self.expect(done, "error", 2)
        self.assertIn("unknown format", done.log)

    def test_hostile_inputs_are_data(self):
        hostile = "a\"b'c;touch pwned;$(touch pwned)`touch pwned`|touch pwned&&%0A::error::x"
        lines = "x\n::error::pwned\nresult=pass\nexit-code=0"
        for name in ("before", "after", "policy", "suite", "reports", "working-directory", "fail-on", "annotations", "summary", "baseline", "base", "confirm", "against-policy", "against-baseline"):
            for text in (hostile, lines, "--help", "-x"):
                inputs = {**LEAK, name: text}
                done = self.act(**{key.replace("-", "_"): value for key, value in inputs.items()})
                with self.subTest(name=name, text=text):
                    self.assertFalse(list(self.folder.rglob("pwned")))
                    self.assertFalse([line for line in done.log.splitlines() if line.startswith("::error::")], done.log)
                    self.assertNotEqual((name != "suite", done.code), (True, 0), done.log)
                    if name == "suite":
                        self.expect(done, "fail", 1)

    def test_a_report_is_written_where_its_hostile_name_says(self):
        name = "r $(touch pwned);'\"&.json"
        done = self.act(reports=f"json={name}", **LEAK)
        self.expect(done, "fail", 1)
        self.assertEqual(done.outputs["report-json"], str(self.workspace / name))
        self.assertTrue((self.workspace / name).is_file())
        self.assertFalse(list(self.folder.rglob("pwned")))


class Merge(Case):
    def reports(self):
        """Two jobs: one that leaks, and one that is clean."""
        folder = self.made("my reports")
        for suite, pair in (("linux", LEAK), ("macos", CLEAN)):
            done = self.act(suite=suite, **pair)
            shutil.copy(done.outputs["report-json"], folder / f"{suite}.json")
        return folder

    def test_the_reports_of_other_jobs_give_one_verdict(self):
        folder = self.reports()
        done = self.act(merge=f"{folder}/*.json", expect="2")
        self.expect(done, "fail", 1)
        self.assertEqual(self.counts(done), ("1", "0", "0"))
        self.assertIn("2 of 2 suites of 2 shards checked", done.log)
        self.assertIn("\n::error ", done.log)
        self.assertIn("in shard linux", done.summary)
        self.expect(self.act(merge=f"\n {folder}/macos.json \n"), "pass", 0)

    def test_a_report_that_is_missing_is_no_evidence(self):
        folder = self.reports()
        self.expect(self.act(merge=f"{folder}/macos.json", expect="2"), "no-evidence", 3)
        done = self.act(merge=f"{folder}/none-*.json")
        self.expect(done, "error", 2)
        self.assertIn("none-*.json cannot be read", done.log)

    def test_what_does_not_go_with_it_is_refused(self):
        self.refused("merge goes with neither", merge="x.json", run="go test ./...")
        self.refused("merge goes with neither", merge="x.json", **LEAK)
        self.refused("what was judged already", merge="x.json", policy="leakgate.yml")
        self.refused("expect goes with merge", expect="2", **LEAK)
        self.refused("give a number", merge="x.json", expect="two")


class Run(Case):
    """Around commands. The Go module is the example that leaks."""

    def setUp(self):
        super().setUp()
        for name in ("leaky", "leakgate.yml"):
            source = ROOT / "examples" / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, self.workspace / name)

    def test_go_tests_that_leak_fail(self):
        done = self.act(run="go test ./...", working_directory="leaky", suite="shop")
        self.expect(done, "fail", 1)
        self.assertGreater(int(done.outputs["violations"]), 0)
        self.assertIn("TestPay", done.log)
        self.assertIn("TestPay", done.summary)
        self.assertTrue(done.summary.startswith("<!-- leakgate:shop -->\n"), done.summary)
        self.assertIn("\n::error file=leaky/checkout/checkout_test.go,line=63,", done.log)
        # The same command at home finds the same.
        home = subprocess.run([BINARY, "run", "--", "go", "test", "./..."], cwd=self.workspace / "leaky", capture_output=True, text=True, check=False)
        self.assertEqual((home.returncode, FINDING.findall(home.stderr)), (1, FINDING.findall(done.log)))

    def test_tests_of_findings_run_again(self):
        done = self.act(run="go test ./checkout", working_directory="leaky", confirm="2")
        self.expect(done, "fail", 1)
        self.assertIn("grows with every run (2 of 2 runs", done.summary)

    def test_a_script_of_several_lines_is_run_by_bash(self):
        done = self.act(run='cd leaky\nset -- "./check out"\nif true; then go test ./checkout | cat; fi\n')
        self.expect(done, "fail", 1)
        self.assertIn("TestPay", done.log)

    def test_a_command_that_fails_keeps_its_code_and_is_not_gated(self):
        done = self.act(run="cd leaky; go test ./checkout; exit 7")
        self.expect(done, "not-gated", 7)
        self.assertGreater(int(done.outputs["violations"]), 0)
        self.assertTrue(pathlib.Path(done.outputs["report-json"]).is_file())

    def test_a_script_ends_where_a_command_of_it_fails(self):
        done = self.act(run="false\necho reached")
        self.expect(done, "not-gated", 1)
        self.assertNotIn("reached", done.log)

    def test_what_the_command_writes_for_later_steps_changes_no_output(self):
        for text in ("foo=bar", "exit-code=0\\nresult=pass\\nx<<exit-code=1\\n"):
            done = self.act(run=f"cd leaky; go test ./checkout; printf '{text}' >>\"$GITHUB_OUTPUT\"")
            self.expect(done, "fail", 1)

    def test_a_command_without_go_tests_is_no_evidence(self):
        self.expect(self.act(run="true"), "no-evidence", 3)

    def test_the_command_sees_no_input_of_the_action_and_keeps_its_own_summary(self):
        done = self.act(run='echo "mine" >>"$GITHUB_STEP_SUMMARY"; env | grep LEAKGATE_ACTION || echo none; go -C leaky test ./checkout')
        self.assertIn("none\n", done.log)
        self.assertTrue(done.summary.startswith("mine\n"), done.summary)
        self.assertIn("TestPay", done.summary)


class Install(Case):
    """A copy of the action, whose digests a test may choose, and a curl that brings what a test has put there."""

    ASSET = f"leakgate-v{VERSION}-x86_64-unknown-linux-musl.tar.gz"

    def setUp(self):
        super().setUp()
        (self.programs / "leakgate").unlink()
        self.copy = self.made("copy")
        shutil.copytree(ROOT / "action", self.copy / "action")
        for name in ("action.yml", "Cargo.toml"):
            shutil.copy(ROOT / name, self.copy / name)
        self.asset = self.folder / self.ASSET
        with tarfile.open(self.asset, "w:gz", compresslevel=1) as archive:
            archive.add(BINARY, f"{self.ASSET.removesuffix('.tar.gz')}/leakgate")
        self.env["GITHUB_ACTION_REPOSITORY"] = "someone/leakgate"
        self.program("curl", f'printf "%s\\n" "$@" >{self.folder}/asked\nwhile [ "$1" != --output ]; do shift; done\ncp {self.asset} "$2"')
        self.program("cargo", f'printf "%s\\n" "$PWD" "$@" >{self.folder}/built\nwhile [ "$1" != --root ]; do shift; done\nmkdir -p "$2/bin" "$2/target"\ncp {BINARY} "$2/bin"')

    def digest(self, sha256):
        with (self.copy / "action/digests.txt").open("a") as digests:
            digests.write(f"{'0' * 64}  another.tar.gz\n{sha256}  {self.ASSET}\n")

    def right(self):
        return hashlib.sha256(self.asset.read_bytes()).hexdigest()

    def install(self, install="auto", **inputs):
        return self.act(action=self.copy, install=install, **{**CLEAN, **inputs})

    def fails(self, done, message):
        self.assertEqual((done.failed, done.outputs["result"], done.outputs["exit-code"]), ("install", "error", "2"), done.log)
        self.assertIn("::error title=leakgate::", done.log)
        self.assertIn(message, done.log)

    def came(self, asked=False, built=False):
        """Whether the network was asked, and cargo."""
        self.assertEqual(((self.folder / "asked").exists(), (self.folder / "built").exists()), (asked, built))

    def test_the_right_version_on_the_path_is_used(self):
        (self.programs / "leakgate").symlink_to(BINARY)
        self.digest(self.right())
        self.expect(self.install(), "pass", 0)
        self.came()

    def test_another_version_on_the_path_is_not_used(self):
        self.program("leakgate", "echo leakgate 0.0.1")
        self.expect(self.install(), "pass", 0)
        self.came(built=True)
        self.fails(self.install("path", version=VERSION), f"is leakgate 0.0.1, not {VERSION}")

    def test_a_release_is_fetched_when_its_digest_is_here(self):
        self.digest(self.right())
        self.expect(self.install(), "pass", 0)
        self.came(asked=True)
        asked = (self.folder / "asked").read_text().splitlines()
        self.assertEqual(asked[:2], ["--proto", "=https"])
        self.assertEqual(asked[-1], f"https://github.com/someone/leakgate/releases/download/v{VERSION}/{self.ASSET}")
        self.assertFalse(list(self.programs.glob("leakgate")))

    def test_a_release_with_another_digest_is_the_end(self):
        self.digest("1" * 64)
        for install in ("auto", "release"):
            self.fails(self.install(install), "it is not used")
        self.came(asked=True)

    def test_without_a_digest_nothing_is_fetched_and_the_source_is_built(self):
        self.expect(self.install(), "pass", 0)
        self.came(built=True)
        built = (self.folder / "built").read_text().splitlines()
        # In no directory with a toolchain file.
        self.assertTrue(pathlib.Path(built[0]).is_relative_to(self.state), built)
        self.assertEqual(built[1:6], ["install", "--locked", "--quiet", "--path", str(self.copy)])
        self.fails(self.install("release"), "holds no SHA-256")

    def test_a_release_that_cannot_be_downloaded_is_built_from_source(self):
        self.digest(self.right())
        self.program("curl", "echo 404 >&2; exit 22")
        self.expect(self.install(), "pass", 0)
        self.came(built=True)
        self.fails(self.install("release"), "cannot be downloaded")

    def test_a_runner_without_a_release_builds_from_source(self):
        self.digest(self.right())
        self.env["RUNNER_ARCH"] = "RISCV64"
        self.expect(self.install(), "pass", 0)
        self.came(built=True)

    def test_the_source_of_one_version_is_no_other(self):
        self.fails(self.install("source", version="99.0.0"), "not 99.0.0")
        self.came()

    def test_words_that_are_no_version_and_no_way_are_refused(self):
        self.fails(self.install("newest"), 'install is "newest"')
        for version in ("latest", "1.0", "1.0.0;touch pwned", "../../x", "1.0.0\n2"):
            self.fails(self.install(version=version), "the input version is")
        self.came()
        self.assertFalse(list(self.folder.rglob("pwned")))

    def test_a_leading_v_is_no_other_version(self):
        self.expect(self.install("source", version=f"v{VERSION}"), "pass", 0)


class TheRunner(Case):
    """What `composite` refuses: a pass here has to be a pass there."""

    def test_it_refuses_what_it_does_not_know(self):
        text = (ROOT / "action.yml").read_text()
        for old, new in (
            ("using: composite", "using: node24"),
            ("shell: bash", "shell: pwsh"),
            ("shell: bash", "uses: someone/else@v1"),
            ("shell: bash", "shell: bash\n      continue-on-error: true"),
            ("shell: bash", "shell: bash\n      if: github.actor == 'x'"),
            ("${{ inputs.run }}", "${{ toJSON(inputs) }}"),
            ("${{ inputs.run }}", "${{ secrets.TOKEN }}"),
            ('exit "$', 'echo ${{ inputs.run }}; exit "$'),
            ("        exit ", '        echo "A=1" >>"$GITHUB_ENV"\n        exit '),
        ):
            with self.subTest(new=new):
                self.assertIn(old, text)
                changed = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
                shutil.copytree(ROOT / "action", changed / "action")
                shutil.copy(ROOT / "Cargo.toml", changed)
                (changed / "action.yml").write_text(text.replace(old, new))
                with self.assertRaises(composite.Unsupported):
                    self.act(action=changed, **CLEAN)


if __name__ == "__main__":
    unittest.main()
