"""``mlws secrets set | list | delete | rotate``."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.groups import Lists
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json
from jupyter_mlws.domain.secret import MAX_SECRET_BYTES, check_secret_name
from jupyter_mlws.errors import UsageError
from jupyter_mlws.sdk.text import visible

__all__ = ["app"]

app = typer.Typer(cls=Lists, help="Keep tokens and passwords that runs are handed by name.")
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Such as HF_TOKEN.", autocompletion=completing.secrets)
]


@app.command("set")
def set_secret(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as HF_TOKEN; its value is asked for.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store a secret. Its value is typed, or read from the standard input; it is no word of the command line.

    Examples: `mlws secrets set HF_TOKEN`, or `pass show hf | mlws secrets set HF_TOKEN`.
    """
    if "=" in name:
        raise UsageError(
            "A secret's value is given on the command line, where others can see it.",
            hint=f"Give its name alone: mlws secrets set {visible(name.partition('=')[0])}",
        )
    check_secret_name(name)
    ws = open_workspace(workspace)
    ws.secrets.set(name, _value(name))
    if as_json:
        print_json({"name": name})
    else:
        registry = name.removeprefix("registry.")
        use = f"Hand it to a run: mlws submit --secret {name} train.py"
        console.print(
            f"The secret {name} is stored. "
            + (use if registry == name else f"Images of {registry} are pulled and pushed with it.")
        )


def _value(name: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"{name}: ")
    # One more than may be stored, so that what is too long is refused and not cut.
    given = sys.stdin.buffer.read(MAX_SECRET_BYTES + 2)
    try:
        text = given.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(
            "The secret is no text.", hint="Encode it first: base64 key.bin | mlws secrets set ..."
        ) from None
    # The end of the line is the pipe's, as `echo` and `pass` write it.
    return text.removesuffix("\n").removesuffix("\r")


@app.command("list")
def list_secrets(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the names of all secrets; no values."""
    found = open_workspace(workspace).api.secrets.list().items
    if as_json:
        print_json(list(found))
        return
    if not found:
        console.print("There is no secret. Store one: mlws secrets set HF_TOKEN")
        return
    for secret in found:
        console.print(secret.name)


@app.command()
def delete(name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Remove a secret."""
    ws = open_workspace(workspace)
    ws.secrets.delete(name)
    if as_json:
        print_json({"name": name})
    else:
        console.print(f"The secret {name} is removed.")


@app.command()
def rotate(as_json: JsonOption = False) -> None:
    """Seal all encrypted vaults of yours with a new key, and forget the old one."""
    from jupyter_mlws.services.vault import rotate as rotate_vaults

    count = rotate_vaults()
    if as_json:
        print_json({"vaults": count})
    elif count:
        console.print(f"{count} vault{'s are' if count > 1 else ' is'} sealed with a new key.")
    else:
        console.print("There is no encrypted vault: nothing to rotate.")
