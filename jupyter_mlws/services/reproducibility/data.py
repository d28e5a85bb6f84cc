"""What a run read that no snapshot holds: data in place, variables of a shell."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from jupyter_mlws.domain.reproducibility import Reason
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.snapshot import LinkedPath
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.reproducibility.words import listed
from jupyter_mlws.store.submissions import Submitted

__all__ = ["reasons_of_data"]

# Looking at more of them would cost more than it tells.
_MOST = 500
_SLACK_S = 1.0
# Of a terminal, a desktop or a login, and nothing to a script.
_OF_A_SESSION = re.compile(
    r"_|\w*TERM(INAL)?(_\w+)?|SSH_\w+|XDG_\w+|DBUS_\w+|DISPLAY|WAYLAND_\w+|GNOME_\w+|KDE_\w+|GTK_\w+|QT_\w+|LS_COLORS"
    r"|OLDPWD|PWD|SHLVL|WINDOWID|LESS\w*|MAIL|HOSTNAME|LOGNAME|PS1|SHELL|VIRTUAL_ENV\w*|CONDA_\w+|MLWS_\w+|JPY_\w+"
    r"|JUPYTER\w*|PYDEVD_\w+|PYTEST_\w+|VSCODE_\w+|INVOCATION_ID|JOURNAL_STREAM|COLORTERM|MOTD_\w+",
    re.ASCII,
)


def reasons_of_data(context: Context, earlier: Run, submitted: Submitted) -> Iterator[Reason]:
    """What a run read in place: whether it is here, and the same."""
    yield from _of_links(earlier.links)
    yield from _of_variables(context, earlier, submitted)


def _of_links(links: Sequence[LinkedPath]) -> Iterator[Reason]:
    gone: list[str] = []
    changed: list[str] = []
    same: list[str] = []
    for link in links[:_MOST]:
        now = _now(link)
        (gone if now is None else changed if now else same).append(link.path)
    same += [link.path for link in links[_MOST:]]
    if gone:
        yield Reason(
            code="data_missing",
            sentence=f"It read {listed(gone)} in place, and that is not here.",
            hint="Bring the data to the same path; the places are in the run's record.",
        )
    if changed:
        yield Reason(code="data_changed", sentence=f"It read {listed(changed)} in place, which changed since.")
    if same:
        yield Reason(
            code="linked_data",
            sentence=f"It read {listed(same)} in place, of which nothing is kept: it is here, and may change.",
        )


def _now(link: LinkedPath) -> bool | None:
    """Whether linked data is another than what was recorded; None where it is not here."""
    try:
        facts = os.stat(link.target)
    except (OSError, ValueError):
        return None
    if link.is_directory or link.modified_at is None:
        return False
    if link.size_bytes is not None and facts.st_size != link.size_bytes:
        return True
    # As numbers: a file may have a time that no calendar holds.
    return abs(facts.st_mtime - link.modified_at.timestamp()) > _SLACK_S


def _of_variables(context: Context, earlier: Run, submitted: Submitted) -> Iterator[Reason]:
    """The names of those that the run inherited and this process has not; of a run from here they are nothing new."""
    if earlier.host == context.host:
        return
    own = {*submitted.submission.environment_variables, *(submitted.secret_names or ())}
    missing = [
        name
        for name in earlier.environment_variables
        if name not in own and name not in os.environ and not _OF_A_SESSION.fullmatch(name)
    ]
    if missing:
        yield Reason(
            code="variables",
            sentence=f"It inherited {listed(missing)} from the machine {earlier.host}, and such values are not stored.",
            hint=f"Where one matters, give it again: mlws run rerun {earlier.number} --env-var {missing[0]}=...",
        )
