"""Runs a composite action on this machine, as a runner of GitHub Actions would: its steps with their inputs, environment,
outputs and conditions. It rejects what it does not know, so that nothing passes here that means something else there.

It knows what leakgate's action.yml needs: steps with `run` and `shell: bash`, and the expressions `inputs.NAME`,
`steps.ID.outputs.NAME` and `github.action_repository`, each with an optional fixed text after `||`.
"""

import dataclasses
import os
import pathlib
import re
import subprocess

import ruamel.yaml

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
VALUE = re.compile(r"\s*(inputs|steps|github)\.([\w.-]+?)\s*(?:\|\|\s*'([^']*)')?\s*")
STEP_KEYS = {"name", "id", "if", "shell", "env", "run"}
# What of this machine's environment a step sees: where programs are, and where Go and Cargo keep what they fetched.
KEPT = ("PATH", "HOME", "LANG", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOTOOLCHAIN", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN")


class Unsupported(Exception):
    """The action uses something that this runner does not know, or that a composite action may not use."""


@dataclasses.dataclass
class Done:
    """The result of a run: `failed` names the first step that failed, `code` is its exit code."""

    outputs: dict
    code: int
    failed: str | None
    log: str
    summary: str
    state: pathlib.Path


def inputs_of(spec, given):
    declared = spec.get("inputs", {})
    unknown = set(given) - set(declared)
    if unknown:
        raise Unsupported(f"inputs that the action does not have: {sorted(unknown)}")
    return {name: str(given.get(name, entry.get("default", ""))) for name, entry in declared.items()}


def read_outputs(text):
    """The runner's file format: `name=value`, or `name<<MARK`, lines, `MARK`."""
    outputs, lines = {}, iter(text.splitlines())
    for line in lines:
        block = re.fullmatch(r"([^=<]+)<<(.+)", line)
        if block:
            body = []
            for inner in lines:
                if inner == block[2]:
                    break
                body.append(inner)
            else:
                raise Unsupported(f"output {block[1]} is not closed by {block[2]}")
            outputs[block[1]] = "\n".join(body)
        elif "=" in line:
            name, value = line.split("=", 1)
            outputs[name] = value
        elif line:
            raise Unsupported(f"a line of GITHUB_OUTPUT that the runner refuses: {line!r}")
    return outputs


class Runner:
    """One job: `state` is its RUNNER_TEMP, `workspace` its checkout; `env` is added to the environment of every step."""

    def __init__(self, action, workspace, state, env=None):
        self.action = pathlib.Path(action)
        self.workspace = pathlib.Path(workspace)
        self.state = pathlib.Path(state)
        self.env = env or {}
        self.spec = ruamel.yaml.YAML(typ="safe").load(self.action / "action.yml")
        if self.spec["runs"].keys() != {"using", "steps"} or self.spec["runs"]["using"] != "composite":
            raise Unsupported("not a composite action")

    def run(self, **given):
        given = {name.replace("_", "-"): value for name, value in given.items()}
        inputs, steps = inputs_of(self.spec, given), {}

        def value(match):
            known = VALUE.fullmatch(match[1])
            if not known:
                raise Unsupported(f"expression {match[0]}")
            context, name, otherwise = known.groups()
            if context == "inputs":
                found = inputs[name]
            elif context == "steps":
                step, outputs, key = name.split(".")
                if outputs != "outputs":
                    raise Unsupported(f"expression {match[0]}")
                found = steps.get(step, {}).get(key, "")
            elif name == "action_repository":
                found = self.env.get("GITHUB_ACTION_REPOSITORY", "")
            else:
                raise Unsupported(f"expression {match[0]}")
            return found or otherwise or ""

        def resolve(text):
            return EXPRESSION.sub(value, str(text))

        done = Done({}, 0, None, "", "", self.state)
        for number, step in enumerate(self.spec["runs"]["steps"]):
            name = step.get("name", f"step {number + 1}")
            if set(step) - STEP_KEYS or step.get("shell") != "bash":
                raise Unsupported(f"{name}: {sorted(step)}")
            if "${{" in step["run"]:
                raise Unsupported(f"{name}: an expression inside a script")
            wanted = {"success()": done.code == 0, "failure()": done.code != 0, "always()": True}.get(step.get("if", "success()"))
            if wanted is None:
                raise Unsupported(f"{name}: if: {step['if']}")
            if not wanted:
                continue
            env = {key: resolve(text) for key, text in step.get("env", {}).items()}
            code, log, outputs, summary = self.step(step["run"], env)
            done.log += log
            done.summary += summary
            if "id" in step:
                steps[step["id"]] = outputs
            if code and not done.code:
                done.code, done.failed = code, name
        done.outputs = {name: resolve(entry["value"]) for name, entry in self.spec.get("outputs", {}).items()}
        return done

    def step(self, script, env):
        files = {}
        for kind in ("OUTPUT", "ENV", "PATH", "STEP_SUMMARY"):
            files[kind] = self.state / f"_{kind.lower()}"
            files[kind].write_text("")
        path = self.state / "_script.sh"
        path.write_text(script)
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(path)],
            cwd=self.workspace,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            env={
                **{key: os.environ[key] for key in KEPT if key in os.environ},
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(self.action),
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_OS": "Linux",
                "RUNNER_ARCH": "X64",
                "RUNNER_TEMP": str(self.state),
                **{f"GITHUB_{kind}": str(file) for kind, file in files.items()},
                **self.env,
                **env,
            },
        )
        for kind in ("ENV", "PATH"):
            if files[kind].read_text():
                raise Unsupported(f"a step writes to GITHUB_{kind}")
        outputs = read_outputs(files["OUTPUT"].read_text())
        return ran.returncode, ran.stdout.decode(errors="replace"), outputs, files["STEP_SUMMARY"].read_text()
