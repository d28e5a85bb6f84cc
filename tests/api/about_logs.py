"""Logs, while they grow and afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlws.domain.file import FileKind

from .place import Place, S, code_of


class LogsSuite:
    """Logs, while they grow and afterwards."""

    def test_a_log_is_followed_by_offset_and_is_the_same_when_stored(self, place: Place) -> None:
        run = place.submit()
        assert place.api.logs.read("1").text == ""
        assert not place.api.logs.read("1").ended
        place.move(run, S.RUNNING)
        place.write_log(run, b"one\ntwo\n")
        first = place.api.logs.read("1")
        assert (first.text, first.next_offset, first.ended) == ("one\ntwo\n", 8, False)
        place.write_log(run, b"one\ntwo\n\x1b[31mthree\r")
        second = place.api.logs.read("1", offset=first.next_offset)
        assert second.text == "\x1b[31mthree\r"
        place.leave(run, "std.log", b"one\ntwo\n\x1b[31mthree\r", FileKind.LOG)
        place.move(run, S.COMPLETED)
        (place.folder / "runs" / run.id / "logs" / "std.log").unlink()
        part = place.api.logs.read(run.id, offset=4)
        assert (part.text, part.ended, part.size_bytes) == ("two\n\x1b[31mthree\r", True, 19)
        assert place.api.logs.read(run.id, offset=19).ended
        assert place.api.logs.read(run.id, offset=10**9).next_offset == 19

    @pytest.mark.parametrize("limit", [1, 3, 4, 5, 7, 1000])
    def test_no_character_is_cut_in_two(self, place: Place, limit: int) -> None:
        text = "aé€\N{GRINNING FACE}" * 9
        run = place.submit()
        place.write_log(run, text.encode())
        found, offset = "", 0
        for _ in range(len(text.encode()) + 1):
            part = place.api.logs.read("1", offset=offset, limit=limit)
            found, offset = found + part.text, part.next_offset
        assert found == text
        assert place.api.logs.read("1", offset=-6).text == "\N{GRINNING FACE}"

    def test_a_character_that_is_still_being_written_is_waited_for_and_rubbish_is_shown(self, place: Place) -> None:
        run = place.submit()
        place.write_log(run, b"\xff ok \xe2\x82")
        part = place.api.logs.read("1")
        assert (part.text, part.next_offset) == ("\ufffd ok ", 5)
        place.move(run, S.FAILED)
        last = place.api.logs.read("1", offset=5)
        assert (last.text, last.next_offset, last.ended) == ("\ufffd", 7, True)

    @pytest.mark.parametrize(
        "name", ["../../../../../etc%2fpasswd", "/etc/passwd", "../job.json", "train.log", "", "STD.LOG"]
    )
    def test_P20_there_are_three_logs_and_no_paths(self, place: Place, name: str) -> None:
        place.submit()
        assert code_of(place.api.logs.read, "1", name) == "invalid_input"
        assert place.api.logs.read("1", "agent.log").text == ""
        assert place.api.logs.read("1", "environment.log").text == ""

    def test_P11_a_link_in_the_place_of_a_log_is_not_followed(self, place: Place, tmp_path: Path) -> None:
        run = place.submit()
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / "std.log").write_text("CANARY")
        folder = place.folder / "runs" / run.id
        folder.mkdir(parents=True)
        (folder / "logs").symlink_to(tmp_path / "secret")
        assert place.api.logs.read("1").text == ""
        (folder / "logs").unlink()
        (folder / "logs").mkdir()
        (folder / "logs" / "std.log").symlink_to(tmp_path / "secret" / "std.log")
        assert place.api.logs.read("1").text == ""

    def test_a_limit_that_shows_nothing_is_refused(self, place: Place) -> None:
        place.submit()
        assert code_of(place.api.logs.read, "1", limit=0) == "invalid_input"
