# SPDX-License-Identifier: Apache-2.0
"""Coverage-guided: atheris, where it is installed, chooses the bytes from which a target's inputs are drawn.

It ends the process that it runs in, so that is one of its own: ``python -m fuzz.guided TARGET SECONDS FOLDER``. What is tried is
written to a file now and then, for the one who waits.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LONGEST = 4096
"""Bytes from which an input is drawn."""


def available() -> bool:
    """Return whether atheris is installed."""
    return find_spec("atheris") is not None


class GuidedError(Exception):
    """The process ended in another way than by its time: the message is what it said last."""


def run(target: str, seconds: float, folder: Path, tick: Callable[[int], None]) -> int:
    """Have a process fuzz a target; return how many inputs it tried. Its findings are files in ``folder``.

    Raises :class:`GuidedError` when it does not end well: an input took very long, or the memory.
    """
    progress, log = folder / f"{target}.progress", folder / f"{target}.log"
    progress.unlink(missing_ok=True)
    command = [sys.executable, "-m", "fuzz.guided", target, str(max(1, round(seconds))), str(folder)]
    within = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    # A file: it says more than a pipe holds that nobody reads meanwhile.
    with log.open("wb") as said, subprocess.Popen(command, env=within, stdout=said, stderr=said) as process:
        try:
            while process.poll() is None:
                tick(_tried(progress))
                time.sleep(0.5)
        finally:
            if process.poll() is None:
                process.kill()
    tried = _tried(progress)
    progress.unlink(missing_ok=True)
    if process.returncode != 0:
        raise GuidedError((log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"])[-1])
    return tried


def _tried(progress: Path) -> int:
    try:
        return int(json.loads(progress.read_text()))
    except (OSError, ValueError):
        return 0


def main(name: str, seconds: str, folder: str) -> None:
    """Fuzz in this process until the time is over."""
    import atheris  # noqa: PLC0415

    with atheris.instrument_imports(include=["openstackoid"]):
        from fuzz.targets import named  # noqa: PLC0415
    from hypothesis import HealthCheck, given, settings  # noqa: PLC0415

    from fuzz.findings import Findings  # noqa: PLC0415

    target, places = named(name), Path(folder)
    corpus = places / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    findings, progress = Findings(name, places), places / f"{name}.progress"
    tried, told = 0, time.monotonic()
    with target.opened() as check:

        @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(target.inputs)
        def trial(drawn: Any) -> None:
            nonlocal tried, told
            tried += 1
            if time.monotonic() - told > 0.5:
                told = time.monotonic()
                progress.write_text(json.dumps(tried))
            try:
                check(drawn)
            except Exception as error:
                if not findings.knows(error):
                    findings.add(drawn, error)

        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=60", "-rss_limit_mb=4096"]
        one_input = trial.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={places}/", str(corpus)], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
