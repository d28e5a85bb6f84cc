"""What a script is given, and what becomes of one that cannot be started."""

from __future__ import annotations

import json
import os
import sys

import pytest

from jupyter_mlws.agent import job as agent_job
from jupyter_mlws.domain import job as domain_job

SHOW = """
import json, os, sys
print(json.dumps({
    "argv": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ), "path": sys.path, "stdin": sys.stdin.read(),
    "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")),
    "ignored": [line.split()[1] for line in open("/proc/self/status") if line.startswith(("SigIgn", "SigBlk"))],
    "session": os.getsid(0), "group": os.getpgid(0) == os.getpid(), "umask": os.umask(0),
}))
"""


def shown(run, payload=None, **popen):
    assert run.run(payload, **popen)["exit_code"] == 0, run.log
    return json.loads(run.log)


def test_the_agent_knows_the_fields_of_a_job():
    fields = domain_job.Job.__dataclass_fields__
    assert set(agent_job.DEFAULTS) <= set(fields)
    for name, default in agent_job.DEFAULTS.items():
        declared = fields[name]
        if name not in ("run_id", "command", "run_number", "experiment", "workspace_id"):
            ours = tuple(default) if isinstance(default, list) else default
            theirs = declared.default_factory() if callable(declared.default_factory) else declared.default
            assert ours == theirs, name
    assert agent_job.PROTOCOL_VERSION == domain_job.PROTOCOL_VERSION


def test_a_run_goes_through_its_events(python_run):
    run = python_run("print('hello')")
    ended = run.run()
    assert run.events == ["started", "script_started", "finalizing", "ended"]
    assert (ended["exit_code"], ended["signal"], ended["reason"], ended["message"]) == (0, None, None, "")
    assert run.log == b"hello\n"
    assert run.agents[0].returncode == 0
    assert run.living == []


def test_K14_arguments_arrive_byte_for_byte(python_run):
    words = ["--flag=$(id)", "a b", "'", '"', "", "*", "-", "ünï ⌀", "\udcff", "\\", "\n", "`x`", "{}", "~"]
    assert shown(python_run(SHOW, *words))["argv"] == words


def test_K14_arguments_are_the_same_in_a_poor_locale(python_run):
    run = python_run("import os, sys; sys.stdout.buffer.write(os.fsencode(sys.argv[1]))", "ü\udcff")
    run.run({"environment": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}}, env={"LC_ALL": "C"})
    assert run.log == "ü".encode() + b"\xff"


def test_a_script_starts_as_from_a_clean_shell(python_run):
    seen = shown(python_run(SHOW))
    assert seen["stdin"] == ""
    assert set(seen["fds"]) <= {0, 1, 2, 3}  # 3 is the listing itself
    # Python ignores SIGPIPE and SIGXFSZ itself; 32 and 33 are glibc's own, which whatever posix_spawn starts (below
    # make, that is everything) has ignored and nobody can reset.
    harmless = sum(1 << (number - 1) for number in (13, 25, 32, 33))
    assert all(int(mask, 16) & ~harmless == 0 for mask in seen["ignored"])
    assert seen["group"]
    assert seen["session"] not in (os.getsid(0), 0)


def test_a_script_is_told_about_its_run(agent_run):
    run = agent_run(
        [sys.executable, "script.py"],
        {"sub/script.py": SHOW, "lib/x.py": ""},
        working_directory="sub",
        environment_variables={"OWN": "1", "BOTH": "job", "MPLBACKEND": "svg"},
        python_path=["lib"],
        source_directory="/somewhere/else",
    )
    outer = {"MLWS_RUN_ID": "outer", "AZUREML_RUN_ID": "outer", "JPY_PARENT_PID": "1", "BOTH": "mine", "PWD": "/"}
    seen = shown(run, {"environment": {**outer, "PYTHONPATH": "/old"}, "secrets": {"TOKEN": "abc", "BOTH": "xyz"}})
    folder, env = str(run.folder.path), seen["env"]
    assert seen["cwd"] == env["PWD"] == f"{folder}/code/sub"
    expected = {
        "MLWS_RUN_ID": run.run_id,
        "MLWS_RUN_FOLDER": folder,
        "MLWS_RUN_NUMBER": "1",
        "MLWS_EXPERIMENT_NAME": "test",
        "MLWS_WORKSPACE_ID": "w",
        "MLWS_INPUTS": f"{folder}/inputs",
        "MLWS_SOURCE_DIR": "/somewhere/else",
        "AZUREML_RUN_ID": run.run_id,
        "AZUREML_ARM_PROJECT_NAME": "test",
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "svg",
        "OWN": "1",
        "TOKEN": "abc",  # too short to be masked in the log that is read here
        "BOTH": "xyz",
    }
    assert {name: env.get(name) for name in expected} == expected
    assert json.loads(env["MLWS_SECRETS"]) == {"TOKEN": "TOKEN", "BOTH": "BOTH"}
    assert "JPY_PARENT_PID" not in env
    first, last, far_side = env["PYTHONPATH"].split(":")
    assert (first, last) == (f"{folder}/code/lib", "/old")
    assert far_side.endswith("/script")


@pytest.mark.parametrize(
    ("inherited", "backend"),
    [({}, "Agg"), ({"MPLBACKEND": "module://matplotlib_inline.backend_inline"}, "Agg"), ({"MPLBACKEND": "pdf"}, "pdf")],
)
def test_figures_are_drawn_without_a_screen(python_run, inherited, backend):
    assert shown(python_run(SHOW), {"environment": inherited})["env"]["MPLBACKEND"] == backend


def test_without_the_submitters_variables_the_agents_own_are_taken(python_run):
    seen = shown(python_run(SHOW), {"environment": None}, env={"PATH": "/usr/bin", "TARGET_SAYS": "hello"})
    assert seen["env"]["TARGET_SAYS"] == "hello"


def test_the_command_that_was_handed_over_is_run_instead_of_a_masked_one(agent_run):
    run = agent_run(["echo", "--token", "***"])
    run.run({"environment": None, "secrets": {}, "command": ["echo", "--token", "real"]})
    assert run.log == b"--token real\n"
    assert "real" not in run.folder.agent_log.read_text() + run.folder.state.read_text()


def test_F51_secrets_and_variables_are_nowhere_in_the_run_folder(python_run):
    run = python_run("import os; assert (os.environ['TOKEN'], os.environ['X']) == ('cana' 'ry-1', 'cana' 'ry-2')")
    assert run.run({"environment": {"X": "canary-2"}, "secrets": {"TOKEN": "canary-1"}})["exit_code"] == 0
    for path in run.folder.path.rglob("*"):
        if path.is_file():
            assert b"canary" not in path.read_bytes(), path


BAD = {
    "no such program": (["nope-such"], "'nope-such' was not found on the job's PATH"),
    "no such file": (["./nope"], "There is no program './nope'"),
    "not executable": (["./plain.sh"], "not executable; name its interpreter first (such as: bash ./plain.sh)"),
    "a folder": (["./folder"], "is a folder"),
    "no such interpreter": (["./badinterpreter"], "interpreter that the first line of './badinterpreter' names"),
    "not a program": (["./junk"], "has no #! line"),
    "not executable on PATH": (["onpath"], "on the job's PATH is not executable"),
}


@pytest.mark.parametrize(("command", "sentence"), BAD.values(), ids=BAD)
def test_a_command_that_cannot_be_started_is_answered(agent_run, command, sentence):
    files = {"plain.sh": "echo", "folder/x": "", "badinterpreter": "#!/no/such/thing\n", "junk": "junk", "onpath": ""}
    run = agent_run(command, files)
    for name in ("badinterpreter", "junk"):
        (run.folder.code / name).chmod(0o755)
    ended = run.run({"environment": {"PATH": f"/usr/bin:/bin:{run.folder.code}"}})
    assert run.events == ["started", "ended"]
    assert (ended["exit_code"], ended["signal"], ended["reason"]) == (None, None, "not_started")
    assert sentence in ended["message"]
    assert run.agents[0].returncode == 0
    assert run.living == []


def test_a_missing_working_directory_is_answered(agent_run):
    ended = agent_run(["true"], working_directory="no/such").run()
    assert ended["reason"] == "not_started"
    assert "working directory 'such' is not in the snapshot" in ended["message"]


def test_arguments_beyond_the_systems_limit_are_answered(agent_run):
    ended = agent_run(["true", "x" * (1 << 20)]).run()
    assert (ended["reason"], "larger than this system allows" in ended["message"]) == ("not_started", True)


def test_F38_a_job_of_a_newer_protocol_is_answered(agent_run):
    ended = agent_run(["true"], protocol_version=99).run()
    assert ended["reason"] == "not_started"
    assert "version 99" in ended["message"]
    assert "update jupyter-mlws" in ended["message"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run_id": "x"}'])
def test_a_job_that_cannot_be_read_is_answered(agent_run, text):
    run = agent_run(["true"])
    run.folder.job.write_text(text)
    assert run.run()["reason"] == "not_started"


@pytest.mark.parametrize("payload", [b"", b" ", b'{"environment": {"A"', b"[]"])
def test_F04_nothing_is_run_for_a_starter_that_died_before_it_had_said_all(agent_run, payload):
    run = agent_run(["touch", "ran"]).start(payload)
    assert run.agents[0].wait(60) == 0
    assert run.events == []
    run.run()
    assert (run.folder.code / "ran").exists()


def test_F27_a_second_agent_does_not_run_the_script(python_run, wait_until):
    run = python_run(
        "import os, time\nopen('ran', 'a').write('x')\nprint('up')\nwhile not os.path.exists('go'): time.sleep(.01)"
    )
    run.start()
    run.until_log_has(b"up")
    run.start()
    assert run.agents[1].wait(60) == 0
    (run.folder.code / "go").touch()
    wait_until(lambda: run.events[-1] == "ended", "the end")
    run.start()  # nor when the first has ended
    assert run.agents[2].wait(60) == 0
    assert (run.folder.code / "ran").read_text() == "x"
    assert run.events.count("started") == 1


def test_F27_of_two_agents_in_a_race_one_runs_the_script(agent_run):
    for _ in range(5):
        run = agent_run([sys.executable, "-c", "open('ran', 'a').write('x')"])
        run.start().start()
        for agent in run.agents:
            assert agent.wait(60) == 0
        assert (run.folder.code / "ran").read_text() == "x"
        assert run.events == ["started", "script_started", "finalizing", "ended"]
