"""Output arrives as it was written, whatever the script does with it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time

from small_disk import run_with_own_mounts


def test_stdout_and_stderr_share_one_log_in_order(python_run):
    run = python_run("import sys\nfor n in range(500):\n  print(n)\n  print(-n, file=sys.stderr)")
    run.run()
    assert run.log.decode().split() == [text for n in range(500) for text in (str(n), str(-n))]


def test_F36_binary_output_and_progress_bars_are_kept_as_they_are(python_run):
    run = python_run("import os\nos.write(1, bytes(range(256)) + b'\\r 50%\\r100%')")
    run.run()
    assert run.log == bytes(range(256)) + b"\r 50%\r100%"


def test_F21_a_line_without_end_is_no_burden(python_run):
    size = 30 << 20
    run = python_run(
        f"import os, time\nfor _ in range({size} >> 16): os.write(1, b'x' * 65536)\nprint(flush=True)\ntime.sleep(0.3)"
    )
    run.start()
    peak = 0
    while run.agents[0].poll() is None:
        try:
            with open(f"/proc/{run.agent_pid}/status") as status:
                peak = max([peak, *(int(line.split()[1]) for line in status if line.startswith("VmRSS"))])
        except OSError:
            break
    run.wait()
    assert hashlib.sha256(run.log).digest() == hashlib.sha256(b"x" * size + b"\n").digest()
    assert 0 < peak < 30 * 1024


def test_F36_a_script_that_closes_its_output_is_still_waited_for(python_run):
    run = python_run(
        "import os, time\nprint('first', flush=True)\nos.close(1); os.close(2)\ntime.sleep(0.3)\nos._exit(7)"
    )
    ended = run.run()
    assert ended["exit_code"] == 7
    assert run.log == b"first\n"


def test_F36_output_written_just_before_an_abrupt_end_is_kept(python_run):
    run = python_run("import os\nos.write(1, b'x' * 500_000)\nos.kill(os.getpid(), 9)")
    assert run.run()["signal"] == "SIGKILL"
    assert run.log == b"x" * 500_000


def test_F36_a_program_that_the_script_becomes_is_followed(agent_run):
    run = agent_run(
        [sys.executable, "-c", "import os; print('one', flush=True); os.execlp('sh', 'sh', '-c', 'echo two; exit 5')"]
    )
    assert run.run()["exit_code"] == 5
    assert run.log == b"one\ntwo\n"


def test_what_a_child_still_writes_after_the_script_is_kept(agent_run):
    run = agent_run(["sh", "-c", "(sleep 0.3; echo late) & echo early"])
    ended = run.run()
    assert (ended["exit_code"], run.log) == (0, b"early\nlate\n")


def test_F36_a_child_that_keeps_the_output_open_is_ended_after_a_while(agent_run):
    run = agent_run(["sh", "-c", "sleep 1000 & echo done"], drain_s=0.3, kill_grace_s=5)
    ended = run.run()
    assert (ended["exit_code"], ended["signal"], ended["reason"]) == (0, None, None)
    assert run.log == b"done\n"
    assert run.living == []
    assert "left processes running" in run.folder.agent_log.read_text()


def test_a_stranger_who_was_handed_the_output_does_not_keep_the_run(agent_run, tmp_path):
    import socket

    place = str(tmp_path / "socket")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(place)
    listener.listen()
    send = (
        "import socket\ns = socket.socket(socket.AF_UNIX)\n"
        f"s.connect({place!r})\nsocket.send_fds(s, [b'x'], [1])\ns.recv(1)"
    )
    run = agent_run([sys.executable, "-c", send], drain_s=0.3)
    run.start()
    connection, _ = listener.accept()
    _, fds, _, _ = socket.recv_fds(connection, 1, 4)
    connection.send(b"x")
    try:
        assert run.wait()["exit_code"] == 0
        assert "keeps its output open" in run.folder.agent_log.read_text()
    finally:
        for fd in fds:
            os.close(fd)
        connection.close()
        listener.close()


TELL = """
import sys
from jupyter_mlws.agent.tell import Teller
from jupyter_mlws.runfolder import state

said = []
tell = Teller(sys.argv[1], said.append)
tell("started")
try:
    with open(sys.argv[1] + "/ballast", "wb", buffering=0) as ballast:
        while ballast.write(bytes(4096)):
            pass
except OSError:
    pass
tell("ended", message="x" * 9000)
assert [event["event"] for event in state.read(sys.argv[1])[0]] == ["started", "ended"]
assert said == []
try:
    tell("more", message="x" * 90000, patience_s=0.0)
except OSError:
    print("no room")
assert len(state.read(sys.argv[1])[0]) == 2
assert open(sys.argv[1] + "/state.jsonl", "rb").read().endswith(b"\\n")
"""


def test_F09_the_end_of_a_run_is_told_on_a_full_disk(tmp_path):
    (tmp_path / "tell.py").write_text(TELL)
    (tmp_path / "disk").mkdir()
    commands = f"cd {tmp_path} && mount -t tmpfs -o size=1m none disk && exec {sys.executable} tell.py disk"
    done = run_with_own_mounts(commands)
    assert (done.returncode, done.stdout) == (0, "no room\n"), done.stderr


def test_F09_a_full_disk_costs_output_but_not_the_script(tmp_path):
    """In a small memory file system: the script prints more than fits, and ends well."""
    from jupyter_mlws.runfolder.farside import build_folder

    far_side = build_folder()
    disk = tmp_path / "disk"
    disk.mkdir()
    steps = tmp_path / "steps.py"
    steps.write_text(
        textwrap.dedent(
            f"""
            import json, subprocess, sys
            sys.path.insert(0, {str(far_side)!r})
            from jupyter_mlws.runfolder import state
            from jupyter_mlws.runfolder.paths import RunFolder

            folder = RunFolder({str(disk)!r}).create()
            program = (
                "import os, time\\nfor _ in range(80): os.write(1, b'x' * 65536)\\n"
                # The heart must not need room either: its file loses what it had, and other files take all.
                "os.truncate('../heartbeat', 0)\\nfile = open('../rest', 'wb', 0)\\n"
                "try:\\n  while True: file.write(b'x' * 4096)\\nexcept OSError: pass\\n"
                "time.sleep(0.3)\\nos.unlink('../ballast')"
            )
            job = dict(run_id="full_1_x", run_number=1, experiment="x", workspace_id="w", heartbeat_s=0.05)
            folder.job.write_text(json.dumps({{**job, "command": [sys.executable, "-c", program]}}))
            (folder.path / "ballast").write_bytes(bytes(1 << 20))
            agent = {str(far_side)!r} + "/jupyter_mlws/agent/__main__.py"
            done = subprocess.run([sys.executable, "-I", "-S", agent, str(folder.path)], input=b"{{}}", check=False)
            assert done.returncode == 0, folder.agent_log.read_text()
            ended = state.read(folder)[0][-1]
            log = folder.std_log.read_bytes()
            print(json.dumps([ended, len(log)]))
            """
        )
    )
    commands = f"mount -t tmpfs -o size=3m none {disk} && exec {sys.executable} {steps}"
    done = run_with_own_mounts(commands)
    assert done.returncode == 0, done.stderr
    import json

    ended, size = json.loads(done.stdout)
    assert (ended["exit_code"], ended["reason"]) == (0, None)
    assert ended["lost_output_bytes"] > 0
    assert "bytes of output were lost because the disk was full" in ended["message"]
    assert size + ended["lost_output_bytes"] >= 80 * 65536


SECRET = "hunter22/of+mine"
SHOWS = """
import base64, json, os, time, urllib.parse
value = os.environ["TOKEN"]
print("plain", value, "json", json.dumps([value]), "url", urllib.parse.quote(value, safe=""), value.encode().hex())
print(*(base64.b64encode(b"u" * n + value.encode()).decode() for n in range(4)))
os.write(1, b"<hunter"); time.sleep(0.3); os.write(1, b"22/of+mine>")
os.write(1, b"\\nheld to the end: hunter22/of")
"""


def test_secrets_are_masked_in_the_log_also_when_they_come_in_pieces(python_run):
    run = python_run(SHOWS)
    run.run({"environment": dict(os.environ), "secrets": {"TOKEN": SECRET}})
    lines = run.log.decode().splitlines()
    assert lines[0] == 'plain *** json ["***"] url *** ***'
    assert [word.partition("***")[1] for word in lines[1].split()] == ["***"] * 4
    assert lines[2:] == ["<***>", "held to the end: hunter22/of"]
    assert SECRET not in run.log.decode()


def test_what_may_be_a_secret_does_not_hold_up_other_lines(python_run):
    run = python_run("import time\nprint('first', flush=True)\nprint('hunt', end='', flush=True)\ntime.sleep(600)")
    run.start({"environment": dict(os.environ), "secrets": {"TOKEN": SECRET}})
    run.until_log_has(b"first\n")
    assert run.log == b"first\n"
    run.cancel()
    assert run.wait()["reason"] == "canceled"
    assert run.log == b"first\nhunt"


def test_secrets_are_masked_in_what_a_killed_agent_left_unread(python_run):
    run = python_run(
        "import os, time\nprint('up', flush=True)\n"
        "while not os.path.exists('go'): time.sleep(0.01)\n"
        "print('it is', os.environ['TOKEN'] * 3, flush=True)\nopen('said', 'w').close()\ntime.sleep(600)"
    )
    run.start({"environment": dict(os.environ), "secrets": {"TOKEN": SECRET}})
    run.until_log_has(b"up\n")
    os.kill(run.agent_pid, signal.SIGSTOP)
    (run.folder.code / "go").touch()
    deadline = time.monotonic() + 60
    while not (run.folder.code / "said").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(run.agent_pid, signal.SIGKILL)
    run.until_log_has(b"it is")
    assert run.log == b"up\nit is *********\n"


def test_an_agent_without_secrets_does_not_even_load_what_masks_them():
    code = (
        "import sys, jupyter_mlws.agent.main as main; assert main._masker({'secrets': {}}) is None; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "jupyter_mlws.agent.output" in loaded
    assert not {"jupyter_mlws.runfolder.masking", "jupyter_mlws.runfolder.secret_forms", "base64"} & set(loaded)
