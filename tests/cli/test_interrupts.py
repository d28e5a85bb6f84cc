"""Interrupts that come while a command waits."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from jupyter_mlws.cli.interrupts import interrupts


class Interrupted:
    """Is interrupted as it goes away, where Python drops every exception."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_a_finalizer_swallows_ends_the_next_pause():
    with pytest.raises(KeyboardInterrupt), interrupts() as pause:
        Interrupted()
        pause(60)


def test_an_interrupt_ends_a_pause_whatever_the_pause_is_just_doing():
    me = threading.get_ident()
    for turn in range(200):
        interrupt = threading.Timer(turn % 20 / 40_000, signal.pthread_kill, (me, signal.SIGINT))
        with pytest.raises(KeyboardInterrupt), interrupts() as pause:
            interrupt.start()
            while True:
                pause(0)


def test_after_a_command_an_interrupt_is_what_it_was():
    before = signal.getsignal(signal.SIGINT)
    with interrupts() as pause:
        assert signal.getsignal(signal.SIGINT) is not before
        pause(0)
    assert signal.getsignal(signal.SIGINT) is before
