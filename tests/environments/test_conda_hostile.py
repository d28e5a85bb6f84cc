"""What a channel of conda brings stays within the environment, whatever its packages say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conda_channel import CondaChannel, told_of

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import building, locking
from jupyter_mlws.errors import InvalidInput

STRAY = b"stray"
Make = Callable[[CondaChannel, Path], object]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which nothing appears but the channel and the cache."""
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", (tmp_path / "channels").as_uri())
    monkeypatch.setenv("MLWS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CONDARC", str(tmp_path / "none"))
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "own.txt").write_text("own")
    yield tmp_path
    assert {each.name for each in tmp_path.iterdir()} <= {"victim", "channels", "cache"}
    assert [each.name for each in (tmp_path / "victim").iterdir()] == ["own.txt"]
    assert (tmp_path / "victim" / "own.txt").read_text() == "own"


def of_python(name: str, channel: CondaChannel, **record: object) -> None:
    """A package for any Python, which brings one file beside those of Python's packages."""
    said = {"info/link.json": '{"package_metadata_version":1,"noarch":{"type":"python","entry_points":[]}}'}
    file = "site-packages/stray.py"
    channel.add_raw(name, {**said, file: "x"}, [told_of(file, b"x")], record={"noarch": "python", **record})


def up(channel: CondaChannel, _: Path) -> None:
    channel.add_raw("evil", {"../stray.txt": "stray"}, [told_of("../stray.txt", STRAY)])


def up_to_anothers(channel: CondaChannel, _: Path) -> None:
    channel.add("aaa", "1.0", {"stray.txt": "stray"})
    told = [told_of("../aaa-1.0-0/stray.txt", STRAY)]
    channel.add_raw("evil", {}, told, depends=("python", "aaa"))


def from_anywhere(channel: CondaChannel, place: Path) -> None:
    channel.add_raw("evil", {}, [told_of(str(place / "victim" / "own.txt"), b"own")])


def to_anywhere(channel: CondaChannel, place: Path) -> None:
    path = str(place / "victim" / "stray.txt")
    channel.add_raw("evil", {path: "stray"}, [told_of(path, STRAY)])


def a_link_out(channel: CondaChannel, place: Path) -> None:
    channel.add("evil", "1.0", {}, ["python"], links={"lib/out": str(place / "victim")})


def a_link_up(channel: CondaChannel, _: Path) -> None:
    channel.add("evil", "1.0", {}, ["python"], links={"lib/out": "../../../../../victim"})


def a_link_through_a_link(channel: CondaChannel, _: Path) -> None:
    channel.add("evil", "1.0", {}, ["python"], links={"a/b": "../a", "a/c": "b/../../.."})


def a_link_where_another_has_a_folder(channel: CondaChannel, _: Path) -> None:
    channel.add("aaa", "1.0", {}, ["python"], links={"deep/folder/out": "../.."})
    channel.add("evil", "1.0", {}, ["python", "aaa"], links={"deep/folder": "."})


def a_link_of_another_kind(channel: CondaChannel, place: Path) -> None:
    links = {"lib/out": str(place / "victim")}
    channel.add_raw("evil", {}, [told_of("lib/out", b"")], links=links)


def a_circle(channel: CondaChannel, _: Path) -> None:
    channel.add("evil", "1.0", {}, ["python"], links={"a": "b", "b": "a"})


def through_a_link(channel: CondaChannel, place: Path) -> None:
    channel.add("aaa", "1.0", {}, ["python"], links={"lib/evil": str(place / "victim")})
    channel.add("evil", "1.0", {"lib/evil/stray.txt": "stray"}, ["python", "aaa"])


def unpacked_through_a_link(channel: CondaChannel, place: Path) -> None:
    # Its own table of files leaves the file out, which is unpacked with it.
    links = {"d": str(place / "victim")}
    channel.add_raw("evil", {"e": "x", "d/stray.txt": "stray"}, [told_of("e", b"x")], links=links, links_first=True)


def packages_of_python_elsewhere(channel: CondaChannel, _: Path) -> None:
    channel.add_python(python_site_packages_path="../../../stray")
    of_python("evil", channel)


def our_mark(channel: CondaChannel, _: Path) -> None:
    channel.add("evil", "1.0", {"mlws-environment.json": "{}"}, ["python"])


def their_record(channel: CondaChannel, _: Path) -> None:
    channel.add("evil", "1.0", {"conda-meta/other.json": "{}"}, ["python"])


def our_mark_in_other_letters(channel: CondaChannel, _: Path) -> None:
    # Which is the same file on some disks.
    channel.add("evil", "1.0", {"MLWS-environment.json": "{}"}, ["python"])


def their_record_through_a_link(channel: CondaChannel, _: Path) -> None:
    channel.add("aaa", "1.0", {}, ["python"], links={"lib/meta": "../conda-meta"})
    channel.add("evil", "1.0", {"lib/meta/other.json": "{}"}, ["python", "aaa"])


def a_link_in_the_place_of_our_mark(channel: CondaChannel, _: Path) -> None:
    channel.add("evil", "1.0", {"lib/mark": "{}"}, ["python"], links={"mlws-environment.json": "lib/mark"})


def their_record_as_a_package_of_python(channel: CondaChannel, _: Path) -> None:
    channel.add_python(python_site_packages_path="conda-meta")
    said = {"info/link.json": '{"package_metadata_version":1,"noarch":{"type":"python","entry_points":[]}}'}
    told = [told_of("site-packages/other.json", b"{}")]
    channel.add_raw("evil", {**said, "site-packages/other.json": "{}"}, told, record={"noarch": "python"})


def a_program_elsewhere(channel: CondaChannel, _: Path) -> None:
    said = '{"package_metadata_version":1,"noarch":{"type":"python","entry_points":["../../../stray = evil:main"]}}'
    channel.add_raw("evil", {"info/link.json": said}, [], record={"noarch": "python"})


@pytest.mark.parametrize(
    "make",
    [
        up, up_to_anothers, from_anywhere, to_anywhere, a_link_out, a_link_up, a_link_through_a_link,
        a_link_where_another_has_a_folder, a_link_of_another_kind, a_circle, through_a_link, unpacked_through_a_link,
        packages_of_python_elsewhere,
        our_mark, our_mark_in_other_letters, a_link_in_the_place_of_our_mark, their_record, their_record_through_a_link,
        their_record_as_a_package_of_python, a_program_elsewhere,
    ],
)  # fmt: skip
def test_a_package_that_reaches_outside_is_refused_and_nothing_is_left(place: Path, make: Make) -> None:
    channel = CondaChannel(place / "channels" / "lab")
    channel.add_python()
    make(channel, place)
    with pytest.raises(InvalidInput) as caught:
        build()
    assert "Traceback" not in caught.value.message
    assert "panicked" not in caught.value.message
    root = place / "cache" / "environments"
    assert not [each for each in root.glob("*") if not each.name.startswith(".")]


def test_links_within_the_environment_are_kept(place: Path) -> None:
    channel = CondaChannel(place / "channels" / "lab")
    channel.add_python()
    channel.add("aaa", "1.0", {"lib/libx.so.1.2": "x"}, [], links={"lib/libx.so.1": "libx.so.1.2"})
    links = {"lib/libx.so": "libx.so.1", "share/x": "../lib/libx.so", "share/lib": "../lib"}
    channel.add("evil", "1.0", {}, ["python", "aaa"], links=links)
    of_python("zzz", channel)
    made = build("evil", "zzz")
    assert (made.folder / "share" / "x").read_text() == (made.folder / "share/lib/libx.so").read_text() == "x"
    assert list(made.folder.glob("lib/python3.*/site-packages/stray.py"))


def build(*wish: str) -> building.Built:
    spec = EnvironmentSpec(conda=wish or ("evil",), channels=("lab",))
    return building.build(locking.lock(spec, print, lambda: True), print, lambda: True)
