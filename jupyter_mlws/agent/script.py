"""Starting the script: fork and exec by hand, for what must happen between the two is in no library call."""

from __future__ import annotations

import errno
import os

from jupyter_mlws.agent import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["NotStarted", "start"]

_HIGHEST_FD = 65536


class NotStarted(Exception):
    """The program could not be executed; the message is for the person who submitted."""


def start(command: list[bytes], environment: dict[bytes, bytes], directory: str, output: int) -> int:
    """Execute `command` and return its pid once the program has replaced the fork.

    Parameters
    ----------
    command : list of bytes
    environment : dict of bytes to bytes
    directory : str
        Working directory.
    output : int
        Becomes standard output and error. Standard input is empty.

    Raises
    ------
    NotStarted
        No such program, not executable, no such folder.
    """
    if not os.path.isdir(directory):
        raise NotStarted(f"The working directory {os.path.basename(directory)!r} is not in the snapshot.")
    program = _find(command[0], environment.get(b"PATH", os.fsencode(os.defpath)))
    told_read, told_write = os.pipe()  # both close on exec: the end of the pipe is the news of success
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(program, command, environment, directory, output, told_write, parent)
    os.close(told_write)
    said = os.read(told_read, 64)
    os.close(told_read)
    if said:
        os.waitpid(pid, 0)
        raise NotStarted(_why(command[0], program, directory, int(said)))
    return pid


def _become(
    program: bytes,
    command: list[bytes],
    environment: dict[bytes, bytes],
    directory: str,
    output: int,
    told: int,
    parent: int,
) -> NoReturn:
    """Turn the fork into the program, or tell the error's number and end."""
    try:
        system.die_with_parent(parent)
        os.setpgid(0, 0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, told)
        os.closerange(told + 1, _HIGHEST_FD)
        os.chdir(directory)
        system.restore_signals()
        os.execve(program, command, environment)
    except OSError as error:
        os.write(told, str(error.errno or errno.EIO).encode())
    finally:
        os._exit(127)


def _find(name: bytes, path: bytes) -> bytes:
    """The program of this name: as it stands if it holds a slash, else the first one on `path`."""
    if b"/" in name:
        return name
    seen_only = False
    for folder in path.split(b":"):
        candidate = os.path.join(folder or b".", name)
        if os.path.isfile(candidate):
            if os.access(candidate, os.X_OK):
                return candidate
            seen_only = True
    shown = name.decode("utf-8", "replace")
    if seen_only:
        raise NotStarted(f"The program {shown!r} on the job's PATH is not executable.")
    raise NotStarted(f"The program {shown!r} was not found on the job's PATH; check its name, or give its full path.")


def _why(name: bytes, program: bytes, directory: str, number: int) -> str:
    shown = name.decode("utf-8", "replace")
    place = os.path.join(os.fsencode(directory), program)
    if number == errno.ENOENT and os.path.exists(place):
        return f"The interpreter that the first line of {shown!r} names does not exist on this machine."
    if number in (errno.ENOENT, errno.ENOTDIR):
        return f"There is no program {shown!r}; check the command's first word."
    if number == errno.EACCES and os.path.isdir(place):
        return f"{shown!r} is a folder, not a program."
    if number == errno.EACCES:
        return f"{shown!r} is not executable; name its interpreter first (such as: bash {shown}), or chmod +x it."
    if number == errno.ENOEXEC:
        return f"{shown!r} is no program of this system and has no #! line; name its interpreter first."
    if number == errno.E2BIG:
        return "The arguments and environment variables are larger than this system allows."
    return f"{shown!r} could not be started: {os.strerror(number)}."
