"""A second chance on CI, told: ``--reruns=1 --max-suite-reruns=3`` of pytest-rerunfailures, see the Makefile.

A test that passes only then is flaky, and a flake is a defect: it is named at the end, with what went wrong at first.
The fourth test that fails gets no second chance, so the build fails.
"""

from __future__ import annotations

import pytest

__all__: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin a second attempt as a first one begins: with its own time limit, and with nothing noted."""
    if getattr(item, "execution_count", 1) == 1:
        return
    item.user_properties.clear()
    # The limit is set once for all attempts, and the first failure ends it: the second attempt might hang forever.
    from pytest_timeout import _get_item_settings

    settings = _get_item_settings(item)
    if settings.timeout and not settings.func_only:
        item.config.hook.pytest_timeout_set_timer(item=item, settings=settings)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the flaky tests, below what went wrong in them."""
    again = {report.nodeid for report in terminalreporter.stats.get("rerun", [])}
    failed = {report.nodeid for kind in ("failed", "error") for report in terminalreporter.stats.get(kind, [])}
    if flaky := sorted(again - failed):
        terminalreporter.section(
            f"{len(flaky)} flaky: passed at the second attempt, which is a defect of the test or worse"
        )
        for nodeid in flaky:
            terminalreporter.line(f"FLAKY {nodeid}", yellow=True)
