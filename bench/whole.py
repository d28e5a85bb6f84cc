"""All parts of the benchmarks, one after another, and one table of them: python bench/whole.py [--only PART,...].

It takes about ten minutes on two quiet cores; the first time as much again, for the peers are installed then, and what
takes long to make is made: the long series, the million runs, the peers' runs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import making
import peers
import table
from figures import RESULTS

HERE = Path(__file__).parent
# In the order in which their figures stand in the table, with what they are asked for.
PARTS: dict[str, tuple[str, ...]] = {
    "metrics": ("metrics.py", "--rounds", "5"),
    "growth": ("growth.py", "--rounds", "5"),
    "load": ("load_of_runs.py",),
    "queries": ("queries.py", "--rounds", "7"),
    "submit": ("submit.py", "--rounds", "5"),
    "latency": ("latency.py",),
    "processes": ("processes.py", "--seconds", "8"),
}


def main() -> int:
    """Measure, part by part; 1 where a part failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help=f"these parts, with commas: {', '.join(PARTS)}")
    parser.add_argument(
        "--peers", default=",".join(peers.PEERS), help="those to install where they are missing; '' for none"
    )
    options = parser.parse_args()
    wanted = _words(parser, options.only, PARTS) or list(PARTS)
    peers.install(_words(parser, options.peers, peers.PEERS))
    began, failed = time.monotonic(), []
    making.make(wanted)
    print(f"\nMaking what is kept took {time.monotonic() - began:.0f} s.", flush=True)
    for part in wanted:
        (RESULTS / f"{part}.json").unlink(missing_ok=True)
        print(f"\n== {part} (load of the machine: {os.getloadavg()[0]:.1f})\n", flush=True)
        at = time.monotonic()
        script, *arguments = PARTS[part]
        if subprocess.run([sys.executable, HERE / script, *arguments], check=False).returncode:
            failed.append(part)
        print(f"\n{part} took {time.monotonic() - at:.0f} s.", flush=True)
    lines = [*table.beside_peers(), "", *table.grown()]
    print("\n" + "\n".join(lines))
    path = RESULTS / "table.md"
    RESULTS.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, ""]))
    print(f"\nAll of it took {(time.monotonic() - began) / 60:.1f} minutes. The tables: {path}")
    if failed:
        print(f"These parts failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _words(parser: argparse.ArgumentParser, text: str, known: dict[str, tuple[str, ...]]) -> list[str]:
    """The words between the commas, each of which is known."""
    found = [word for word in text.split(",") if word]
    for word in found:
        if word not in known:
            parser.error(f"{word!r} is none of {', '.join(known)}.")
    return found


if __name__ == "__main__":
    sys.exit(main())
