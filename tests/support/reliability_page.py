"""docs/reliability.md, made from the results that `reliability` notes.

``python tests/support/reliability_page.py`` puts the results of the last runs (``.build/reliability.json``) over those
that are kept (``tests/assets/reliability.json``) and writes the page. What tests there are is read from their files:
one that has never run is on the page as such, one that was removed is not.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from reliability import RESULTS, ROOT, ids_in, load, save, worse
from reliability_words import FAULTS, HOSTILE, NOT_YET

__all__ = ["KEPT", "PAGE", "render", "tests_by_id"]

PAGE = ROOT / "docs" / "reliability.md"
KEPT = ROOT / "tests" / "assets" / "reliability.json"
_TESTS = ROOT / "tests"
_BROWSER = ROOT / "ui-tests" / "tests"
_SHOWN = {"passed": "passed", "failed": "**failed**", "skipped": "skipped", None: "not run yet"}

_HEAD = """\
# Reliability

What can go wrong, the tests that make it go wrong, and what came of it. This page is made by the tests themselves
(`make reliability` after any run, `make soak` with the long forms); nothing in it is written by hand.

"Passed" says that the outcome was the required one, every time. How much that proves depends on how often it was tried:
n trials without a loss show, with 95 % confidence, that a loss is rarer than 1 - 0.05^(1/n) per trial, about 3/n. So
200 kills without a loss prove less than 1.5 % per kill, not "never".

{origin}

"""


def main() -> int:
    """Merge, write, say what is where."""
    known = tests_by_id()
    kept, new = load(KEPT), load(RESULTS)
    kept["tests"].update(new["tests"])
    kept["machine"] = new["machine"] or kept["machine"]
    names = all_names()
    kept["tests"] = {test: found for test, found in kept["tests"].items() if _is_there(test, names)}
    save(KEPT, kept)
    PAGE.write_text(render(kept, known))
    failed = [test for test, found in kept["tests"].items() if found["outcome"] == "failed"]
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}: {len(kept['tests'])} tests with results, {len(failed)} failed\n")
    return 0


# -- what tests there are


def all_names() -> dict[str, set[str]]:
    """Names of the test functions by file, and by '' those of all files: a suite is bound elsewhere than written."""
    found: dict[str, set[str]] = {"": set()}
    for path in sorted(_TESTS.rglob("*.py")):
        names = {
            node.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
        }
        found[path.relative_to(ROOT).as_posix()] = names
        found[""] |= names
    return found


def _is_there(test: str, names: dict[str, set[str]]) -> bool:
    """Whether the test of a result still exists (in its file, or in a suite that its file binds)."""
    file, _, rest = test.partition("::")
    return file in names and rest.rpartition("::")[2] in names[""]


def tests_by_id() -> dict[str, set[str]]:
    """Names of test functions, and titles of browser tests, by the ids that they carry."""
    found: dict[str, set[str]] = {}
    names = {(name, name) for name in all_names()[""]}
    for title, text in (*names, *_browser_titles()):
        for each in ids_in(text):
            found.setdefault(each, set()).add(title)
    return found


def _browser_titles() -> Iterator[tuple[str, str]]:
    """Files of browser tests that try hostile inputs, with the ids that are keys of their tables."""
    for path in sorted(_BROWSER.glob("*.ts")):
        ids = re.findall(r"^\s*'?([A-Z]\d\d)'?:", path.read_text(), re.MULTILINE)
        if ids:
            yield path.relative_to(ROOT).as_posix(), " ".join(ids)


# -- the page


def render(results: dict[str, Any], known: dict[str, set[str]]) -> str:
    """The page of these results, and of the tests that there are."""
    by_id = _by_id(results["tests"])
    covered = [each for each in FAULTS if each in known or each in by_id]
    open_ones = [each for each in FAULTS if each not in covered]
    hostile = sorted(each for each in {*known, *by_id} if each not in FAULTS)

    def row(each: str, words: str) -> tuple[str, ...]:
        return each, words, _tests(each, known, by_id), _result(each, known, by_id)

    parts = [
        _HEAD.format(origin=_origin(results)),
        "## Faults\n\n",
        _table(("", "Fault", "Tests", "Result"), (row(each, FAULTS[each]) for each in covered)),
        "\n## What was repeated\n\n",
        _table(("Faults", "What", "Tried", "Lost", "Proves, with 95 %"), _trials(results["tests"])),
        "\n## What was measured\n\n",
        _table(("What", "Seen", "Limit"), _measured(results["tests"])),
        "\n## Faults without a test\n\n",
        _table(("", "Fault", "Why"), ((each, FAULTS[each], NOT_YET.get(each, "no test yet")) for each in open_ones)),
        "\n## Hostile input\n\nBy the ids that the threat model's tests carry.\n\n",
        _table(("", "Kind", "Tests", "Result"), (row(each, HOSTILE[each[0]]) for each in hostile)),
    ]
    return "".join(parts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _by_id(tests: dict[str, Any]) -> dict[str, dict[str, tuple[str, dict[str, Any]]]]:
    """For each id the names of its tests, with what they came to."""
    found: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {}
    for test, result in tests.items():
        for each, outcome in result["ids"].items():
            name = test.rpartition("::")[2]
            before = found.setdefault(each, {}).get(name)
            found[each][name] = (worse(before[0], outcome) if before else outcome, result)
    return found


def _origin(results: dict[str, Any]) -> str:
    if not results["tests"]:
        return "No results yet."
    commits = sorted({found["commit"] for found in results["tests"].values()})
    named = ", ".join(f"`{commit}`" for commit in commits[:6]) + (" and others" if len(commits) > 6 else "")
    return f"Results of {len(results['tests'])} tests at {named}, on {results['machine']}."


def _tests(each: str, known: dict[str, set[str]], by_id: dict[str, Any]) -> str:
    names = {*known.get(each, ()), *by_id.get(each, ())}
    return "<br>".join(_shown(name) for name in sorted(names))


def _shown(name: str) -> str:
    return f"`{name}`"


def _result(each: str, known: dict[str, set[str]], by_id: dict[str, Any]) -> str:
    """The outcomes of an id's tests, counted; browser tests keep no results here."""
    found = by_id.get(each, {})
    names = {*known.get(each, ()), *found}
    counts: dict[str, int] = {}
    for name in names:
        outcome = (
            "see `make browser-tests`" if name.endswith(".ts") else _SHOWN[found[name][0] if name in found else None]
        )
        counts[outcome] = counts.get(outcome, 0) + 1
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))


def _trials(tests: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for test in sorted(tests, key=lambda test: (ids_in(test), test)):
        merged: dict[tuple[str, str], list[int]] = {}
        for trial in tests[test]["trials"]:
            sums = merged.setdefault((trial["name"], trial["what"]), [0, 0])
            sums[0] += trial["count"]
            sums[1] += trial["lost"]
        for (name, what), (count, lost) in merged.items():
            said = f"{name}, in a test that failed" if tests[test]["outcome"] == "failed" else name
            proves = f"< {_percent(upper_bound(count, lost))} per {_single(what)}" if count else "nothing"
            yield ", ".join(ids_in(test)), said, f"{count:,} {what}", f"{lost:,}", proves


def _measured(tests: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    rows: dict[str, tuple[str, ...]] = {}
    for test in sorted(tests):
        for figure in tests[test]["measured"]:
            said = f"{figure['name']}, in a test that failed" if tests[test]["outcome"] == "failed" else figure["name"]
            rows[figure["name"]] = (said, _quantity(figure["value"], figure["unit"]), _limit(figure))
    yield from rows.values()


def _limit(figure: dict[str, Any]) -> str:
    return "" if figure["limit"] is None else _quantity(figure["limit"], figure["unit"])


def _quantity(value: float, unit: str) -> str:
    if unit == "%":
        return f"{value:g} %"
    return f"{value * 1000:g} ms" if unit == "s" and value < 1 else f"{value:,g} {unit}".strip()


def _single(what: str) -> str:
    return what.removesuffix("es" if what.endswith("sses") else "s")


def _percent(share: float) -> str:
    return f"{float(f'{share * 100:.2g}'):g} %" if share >= 1e-6 else f"{share:.0e}"


def upper_bound(trials: int, lost: int = 0, confidence: float = 0.95) -> float:
    """The rate of losses that so many of so many trials still allow (the exact, one-sided bound)."""
    if lost >= trials:
        return 1.0
    if lost == 0:
        return float(1 - (1 - confidence) ** (1 / trials))
    low, high = lost / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(lost, trials, middle) > 1 - confidence else (low, middle)
    return high


def _at_most(lost: int, trials: int, rate: float) -> float:
    """Probability of at most `lost` in `trials`."""
    term = (1 - rate) ** trials
    total = term
    for k in range(1, lost + 1):
        term *= (trials - k + 1) / k * rate / (1 - rate)
        total += term
    return total


def on_page(text: str) -> set[str]:
    """The names of tests that a page mentions."""
    return set(re.findall(r"`(test_\w+)`", text))


def missing(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Which of these are not known."""
    return sorted(set(names) - set(known))


if __name__ == "__main__":
    sys.exit(main())
