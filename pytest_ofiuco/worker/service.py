"""A worker's life: it makes ready, says hello, serves one start message, and says good-bye."""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from typing import Any, Callable, Dict, Tuple

from . import CUT_OFF, PROTOCOL
from .channel import Channel, Closed, Pipe, encode
from .process import become_main, import_pytest, keepers, lead_group, redirect, set_up
from .session import run_session

Message = Dict[str, Any]

Threshold = Tuple[int, int, int]


def serve_pipe(receives: int, sends: int, usual: Threshold, *, leads: bool) -> None:
    """Serve the descriptors of two pipes; pytest is imported before the start message has come.

    ``usual`` is what the collector of cyclic garbage goes back to when tests run.
    """
    if leads:
        lead_group()
    slow = gc.get_threshold()
    pipe = Pipe(receives, sends)
    missing = import_pytest()
    gc.freeze()  # what is imported now stays: collections need not walk it
    try:
        start = json.loads(pipe.receive())
    except Closed:  # it was not needed
        return
    start["restore"] = lambda: restore(slow, usual)
    serve(pipe, start, missing)


def serve_channel(channel: Any) -> None:
    """Serve an execnet channel."""
    ours = Channel(channel)
    try:
        start = json.loads(ours.receive())
    except Closed:
        return
    start["restore"] = lambda: None
    lead_group()
    redirect(start.get("spool"))
    sys.path[:] = [entry for entry in sys.path if entry]
    missing = import_pytest()
    serve(ours, start, missing)


def restore(slow: Threshold, usual: Threshold) -> None:
    """Let cyclic garbage be collected as usual, unless somebody has decided otherwise meanwhile."""
    if gc.get_threshold() == slow:
        gc.set_threshold(*usual)


def serve(channel: Any, start: Message, missing: str) -> None:
    """Serve a start message; ``missing`` says why there is no pytest."""
    if start["protocol"] != PROTOCOL:
        reason = "protocol {} is not {}".format(start["protocol"], PROTOCOL)
        channel.send(encode("failed", reason=reason))
        return
    set_up(start)
    if missing:
        channel.send(encode("failed", reason=f"pytest cannot be imported: {missing}"))
        return
    import pytest

    become_main(start)
    channel.send(
        encode(
            "hello",
            protocol=PROTOCOL,
            python=".".join(map(str, sys.version_info[:3])),
            pytest=pytest.__version__,
            executable=sys.executable,
            prefix=sys.prefix,
            pid=os.getpid(),
        )
    )
    try:
        exitstatus = _guarded(channel, run_session, start)
        channel.send(encode("bye", exitstatus=exitstatus, keepers=keepers()))
    except Closed:
        sys.exit(CUT_OFF)


def _guarded(channel: Any, run: Callable[[Any, Message], int | None], start: Message) -> int | None:
    try:
        return run(channel, start)
    except Closed:
        raise
    except KeyboardInterrupt:
        channel.send(encode("stopped", reason="interrupted"))
    except SystemExit as error:
        channel.send(encode("failed", reason=f"pytest exited with {error.code}"))
    except BaseException:  # noqa: BLE001 - the worker's boundary: whatever it is, the controller reports it
        channel.send(encode("failed", reason=traceback.format_exc()))
    return None
