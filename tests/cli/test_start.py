"""How processes begin: the command, and the workers that are copied from it."""

import gc
import signal
import subprocess
import sys
import textwrap

import pytest

from entrypoints.cli import main as commands
from entrypoints.cli import start


def test_the_command_runs_with_a_collector_that_leaves_alone_what_was_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[bool, bool]] = []
    monkeypatch.setattr(commands, "cli", lambda: seen.append((gc.isenabled(), gc.get_freeze_count() > 0)))
    try:
        start.main()
    finally:
        gc.unfreeze()
    assert seen == [(True, True)]


def run(script: str) -> str:
    """What a script prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="Workers are copied on Linux only.")
def test_workers_are_copies_that_make_ids_of_their_own_and_hear_signals_at_once() -> None:
    printed = run("""
        import signal, sys, time
        from uvicorn import _subprocess
        from adapters.system.ids import Uuid7Generator
        from entrypoints.server.workers import copy_workers

        copy_workers()
        imported = set(sys.modules)
        new_id = Uuid7Generator()
        ids = [new_id()]
        signal.signal(signal.SIGTERM, lambda *_: None)

        def tell(pipe):
            pipe.send((str(new_id()), imported <= set(sys.modules)))
            time.sleep(3)

        for _ in range(2):
            ours, theirs = _subprocess.spawn.Pipe()
            worker = _subprocess.spawn.Process(target=tell, args=(theirs,))
            worker.start()
            made, has_everything = ours.recv()
            ids.append(made)
            worker.terminate()
            worker.join(30)
            print(has_everything, worker.exitcode)
        print(len({str(made)[19:] for made in ids}))
    """)
    assert printed.splitlines() == [f"True {-signal.SIGTERM}"] * 2 + ["3"]
