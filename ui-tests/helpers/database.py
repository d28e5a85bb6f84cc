"""A PostgreSQL server for a browser test: prints its address, then does what each line of its input says."""

from __future__ import annotations

import sys

from postgres import Server, programs


def main() -> None:
    if programs() is None:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql, or run scripts/engines.sh as root.")
    server = Server()
    try:
        server.sql("CREATE DATABASE digits")
        print(server.url("digits"), flush=True)
        does = {"stop": server.stop, "start": server.start}
        # Its end is the end of the browser test, however that came.
        for line in sys.stdin:
            does[line.strip()]()
            print("done", flush=True)
    finally:
        server.close()


if __name__ == "__main__":
    main()
