"""Being held by the modes of files, as everybody is but root."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from needs import lacking

__all__ = ["held_by_modes"]

# Of linux/capability.h, linux/prctl.h and linux/securebits.h.
_VERSION_3 = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2
_PR_GET_SECUREBITS, _PR_SET_SECUREBITS = 27, 28
# A program that is started gets no rights for being root's, and access() asks for those that are in effect.
_NOROOT, _NO_SETUID_FIXUP = 1, 4


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


@pytest.fixture
def held_by_modes() -> Iterator[None]:
    """Make this thread, and the threads and programs that it starts, unable to write what its mode forbids."""
    if os.geteuid() != 0:
        yield
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(_without_rights())
        except OSError as error:
            lacking(f"Root's rights cannot be laid down here ({error}): run this test as another user.")
        yield


@contextmanager
def _without_rights() -> Iterator[None]:
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(_VERSION_3, 0), (_Sets * 2)()

    def call(function: str, *arguments: object) -> int:
        answer = getattr(libc, function)(*arguments)
        if answer < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{function}: {os.strerror(number)}")
        return int(answer)

    call("capget", ctypes.byref(header), sets)
    before, bits = sets[0].effective, call("prctl", _PR_GET_SECUREBITS)
    call("prctl", _PR_SET_SECUREBITS, bits | _NOROOT | _NO_SETUID_FIXUP)
    sets[0].effective = before & ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH)
    call("capset", ctypes.byref(header), sets)
    try:
        yield
    finally:
        sets[0].effective = before
        call("capset", ctypes.byref(header), sets)
        call("prctl", _PR_SET_SECUREBITS, bits)
