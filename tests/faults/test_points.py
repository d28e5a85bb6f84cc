"""Every fault point is passed by a piece of work, and the work is done with a fault at each of them.

The page ``docs/faults.md`` names for each point who passes it: a work of ``tests/support/works``, or a test
elsewhere. A new point without a row fails here, and so does a row whose work does not come by.
"""

from __future__ import annotations

import ast
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import fault_oracles
import pytest
from works.place import POINTS, environment
from workshop import FAILED_IN_WORDS, Done, Workshop

import jupyter_mlws
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder.places import runtime_dir

SOURCE = Path(jupyter_mlws.__file__).parent
ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([a-z_.]+)` \| .* \| `([^`]+)` \|$", re.MULTILINE)
# Works that need a dispatcher, and the kind of process that comes by their points.
SERVED = {"serve_one": "dispatcher", "serve_imports": "dispatcher", "serve_and_cancel": "dispatcher", "agent": "agent"}
DEADLINES = 200


def points_in_source() -> set[str]:
    """The names of all points."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "faults.point":
                assert isinstance(node.args[0], ast.Constant), f"{path}: the name of a point is written out"
                found.add(node.args[0].value)
    return found


def rows() -> dict[str, str]:
    """Point and who passes it, as the page says."""
    found = ROW.findall((ROOT / "docs" / "faults.md").read_text())
    assert len(found) == len(dict(found)), "a point has two rows"
    return dict(found)


def by_work() -> dict[str, list[str]]:
    """The points of each work, in the page's order."""
    found = defaultdict(list)
    for point, work in rows().items():
        if not work.startswith("tests/"):
            found[work].append(point)
    return dict(found)


def is_behind(point: str) -> bool:
    """Whether a point lies behind a write: there a process may die, but nothing can fail any more."""
    return point.endswith("ed")


def test_the_page_has_a_row_for_every_point_and_for_no_other():
    assert sorted(rows()) == sorted(points_in_source())


def test_a_point_that_is_tested_elsewhere_is_named_there():
    for point, work in rows().items():
        if work.startswith("tests/"):
            assert point in (ROOT / work).read_text(), f"{work} does not name {point}"


@pytest.fixture(scope="module")
def shop() -> Iterator[Workshop]:
    found = Workshop()
    yield found
    found.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)


# -- works in one process


def have_it_fail(shop: Workshop, work: str, place: Path, point: str, nth: int, action: str) -> bool:
    """Do a work with a fault, look whether everything holds, and do it again; False when the fault did not happen."""
    oracle = getattr(fault_oracles, work)
    done = shop.do(work, place, f"{point}:{nth}:{action}")
    happened = point in shop.happened(place)
    where = f"{work} with {point}:{nth}:{action}: {done}"
    if not happened:
        assert done.status == 0, where
        return False
    assert done.status == -9 if action == "kill" else done.status in (0, FAILED_IN_WORDS), where
    oracle(place, done.said)
    again = shop.do(work, place)
    assert again.status == 0, f"Again after {where}: {again}"
    oracle(place, [line for line in done.said if not line.startswith("! ")] + again.said)
    return True


def in_one_process() -> list[str]:
    return [work for work in by_work() if work not in SERVED]


@pytest.mark.parametrize("work", in_one_process())
def test_F04_whoever_dies_at_a_point_loses_nothing_acknowledged_and_a_repeat_succeeds(shop, tmp_path, work):
    for point in by_work()[work]:
        assert have_it_fail(shop, work, tmp_path / point, point, 1, "kill"), f"{work} does not pass {point}"


@pytest.mark.parametrize("work", in_one_process())
def test_F07_whoever_finds_the_disk_full_at_a_point_says_so_and_a_repeat_succeeds(shop, tmp_path, work):
    for point in by_work()[work]:
        if not is_behind(point):
            assert have_it_fail(shop, work, tmp_path / point, point, 1, "ENOSPC"), f"{work} does not pass {point}"


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("action", ["kill", "EIO", "ENOSPC"])
@pytest.mark.parametrize("work", in_one_process())
def test_F04_nor_at_any_later_pass_of_a_point(shop, tmp_path, work, action):
    for point in by_work()[work]:
        if action == "kill" or not is_behind(point):
            nth = 1
            while have_it_fail(shop, work, tmp_path / f"{point}.{nth}", point, nth, action):
                nth += 1
            assert nth > 1


# -- works of a dispatcher and its agents


def serve_until_done(shop: Workshop, place: Path, *faults: str, work: str = "serve") -> tuple[list[str], list[Done]]:
    """Start a dispatcher, and another one for each that dies, until one leaves of its own accord."""
    said: list[str] = []
    lives: list[Done] = []
    for life in range(DEADLINES):
        lives.append(shop.do(work if life == 0 else "serve", place, *faults, again=life > 0))
        said += lives[-1].said
        assert lives[-1].status in (0, -9, 1), said
        if lives[-1].status == 0:
            # What one that met a fault left undone, the next one does.
            last = shop.do("serve", place, again=True)
            assert last.status == 0, last
            return said + last.said, lives
    raise AssertionError(f"No dispatcher came to an end: {said}")


def expected(shop: Workshop, place: Path, points: list[str]) -> None:
    missed = set(points) - shop.happened(place)
    assert not missed, f"nobody came by {missed}"


def test_F04_a_run_goes_through_the_deaths_of_its_dispatchers_at_every_point(shop, tmp_path, quick):
    """Each dispatcher dies at the next point; the run never notices."""
    points = by_work()["serve_one"]
    said, lives = serve_until_done(shop, tmp_path, *(f"dispatcher/{p}:1:kill" for p in points), work="serve_one")
    expected(shop, tmp_path, points)
    submitted = fault_oracles.told(lives[0].said, "run")
    found = fault_oracles.served(tmp_path, submitted)
    assert [found[run_id].status for run_id in submitted] == [RunStatus.COMPLETED] * 2, "\n".join(said)
    (lost,) = [run for run in found.values() if run.id not in submitted]
    assert lost.status is RunStatus.FAILED
    assert "variables" in lost.error.message


def test_F04_runs_that_nobody_starts_are_taken_in_once_whoever_dies_on_the_way(shop, tmp_path, quick):
    points = by_work()["serve_imports"]
    said, lives = serve_until_done(
        shop, tmp_path, *(f"dispatcher/{point}:1:kill" for point in points), work="serve_imports"
    )
    expected(shop, tmp_path, points)
    fault_oracles.store_is_sound(tmp_path / "workspace")
    begun = {*fault_oracles.told(lives[0].said, "run"), *fault_oracles.told(lives[0].said, "imported")}
    found = fault_oracles.runs(tmp_path)
    assert {run.id for run in found} == begun, said
    for run in found:
        assert run.status is RunStatus.COMPLETED
        assert run.metrics[0].count == POINTS
    assert not list((tmp_path / "workspace" / "imports").glob("*/*"))


def test_F32_a_run_is_canceled_whoever_dies_on_the_way(shop, tmp_path, quick):
    points = by_work()["serve_and_cancel"]
    said, lives = serve_until_done(
        shop, tmp_path, *(f"dispatcher/{point}:1:kill" for point in points), work="serve_and_cancel"
    )
    expected(shop, tmp_path, points)
    (submitted,) = fault_oracles.told(lives[0].said, "run")
    assert fault_oracles.served(tmp_path, [submitted])[submitted].status is RunStatus.CANCELED, said


def test_F02_an_agent_that_dies_at_any_point_leaves_a_run_that_says_so(shop, tmp_path, quick):
    points = by_work()["agent"]
    have_many_fail(shop, tmp_path, "agent", points, "kill")


@pytest.mark.parametrize("role", ["dispatcher", "agent"])
def test_F07_a_disk_that_is_full_for_a_moment_at_any_point_is_told_or_waited_out(shop, tmp_path, quick, role):
    points = [point for point in by_work()["agent" if role == "agent" else "serve_one"] if not is_behind(point)]
    have_many_fail(shop, tmp_path, role, points, "ENOSPC")


def test_F04_variables_of_a_run_that_never_came_to_be_do_not_stay(shop, tmp_path, quick):
    assert shop.do("submit", tmp_path, "submit.record:1:kill").status == -9
    (left,) = (runtime_dir() / "handover").glob("*.json")
    os.utime(left, (1, 1))
    assert shop.do("serve", tmp_path).status == 0
    assert not left.exists()


@pytest.mark.parametrize("action", ["EIO", "ENOSPC"])
def test_F06_a_sync_that_fails_while_outputs_are_taken_up_costs_nothing_but_time(shop, tmp_path, quick, action):
    """The bytes are dropped, and stored anew from the run's folder, which is kept until they are safe."""
    said, _ = serve_until_done(
        shop, tmp_path, f"dispatcher/blobs.fsync:1:{action}", f"dispatcher/blobs.fsync:5:{action}", work="serve_one"
    )
    expected(shop, tmp_path, ["blobs.fsync"])
    submitted = fault_oracles.told(said, "run")
    found = fault_oracles.served(tmp_path, submitted)
    assert [found[run_id].status for run_id in submitted] == [RunStatus.COMPLETED] * 2, "\n".join(said)


def test_F06_a_disk_that_fails_when_the_notes_on_a_run_are_read_is_waited_out(shop, tmp_path, quick):
    said, _ = serve_until_done(shop, tmp_path, "dispatcher/preparing.read_note:1:EIO", work="serve_one")
    expected(shop, tmp_path, ["preparing.read_note"])
    submitted = fault_oracles.told(said, "run")
    found = fault_oracles.served(tmp_path, submitted)
    assert [found[run_id].status for run_id in submitted] == [RunStatus.COMPLETED] * 2, "\n".join(said)


def have_many_fail(shop: Workshop, place: Path, role: str, points: list[str], action: str, nth: int = 1) -> None:
    """Have as many runs as there are points, each of which meets the next fault that has not happened yet."""
    os.environ["MLWS_TEST_RUNS"] = str(len(points) + 1)
    try:
        submitted = fault_oracles.told(shop.do("submit_runs", place).said, "run")
    finally:
        del os.environ["MLWS_TEST_RUNS"]
    said, _ = serve_until_done(shop, place, *(f"{role}/{point}:{nth}:{action}" for point in points))
    if nth == 1:
        expected(shop, place, points)
    found = fault_oracles.served(place, submitted)
    failed = [run for run in found.values() if run.status is RunStatus.FAILED]
    assert len(failed) <= len(shop.happened(place)), "\n".join(said)
    assert all(run.status in (RunStatus.FAILED, RunStatus.COMPLETED) for run in found.values())


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("action", ["kill", "EIO", "ENOSPC"])
@pytest.mark.parametrize("role", ["dispatcher", "agent"])
def test_F04_nor_does_anything_else_at_a_later_pass(shop, tmp_path, quick, role, action, nth):
    points = [
        point
        for point in by_work()["agent" if role == "agent" else "serve_one"]
        # A run whose start fails comes by the first one, and where everybody is killed none does.
        if point != "following.remove_unstarted" and (action == "kill" or not is_behind(point))
    ]
    have_many_fail(shop, tmp_path, role, points, action, nth)
