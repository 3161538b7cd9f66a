# SPDX-License-Identifier: Apache-2.0
"""``make fuzz``: every target for its part of the time, and a table of inputs and findings.

Ends with 0 when nothing was found, with 1 and the files of the findings otherwise, with 2 when it could not be run.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from fuzz.findings import Findings, input_of
from fuzz.guided import GuidedError, available
from fuzz.guided import run as run_guided
from fuzz.report import Show, summary, watched
from fuzz.runner import Attempts, Outcome, fuzz
from fuzz.target import Target
from fuzz.targets import TARGETS, named

FOLDER = Path(".fuzz")


def main(argv: Sequence[str] | None = None) -> int:
    """Fuzz, report, and return the exit code."""
    arguments = _arguments(argv)
    console = Console(highlight=False)
    unknown = [name for name in arguments.targets if name not in {target.name for target in TARGETS}]
    if unknown:
        known = ", ".join(target.name for target in TARGETS)
        print(f"fuzz: unknown target '{unknown[0]}'; known: {known}", file=sys.stderr)
        return 2
    targets = [target for target in TARGETS if not arguments.targets or target.name in arguments.targets]
    if arguments.repeat is not None:
        return _repeat(arguments.repeat, targets)
    guided = available() and not arguments.unguided
    if not guided:
        console.print("atheris is not used: inputs are drawn by hypothesis alone")
    first_seed = int(time.time()) if arguments.seed is None else arguments.seed
    console.print(f"seed {first_seed}; findings go to {FOLDER}/")
    outcomes, findings = [], []
    for target in targets:
        seconds = arguments.seconds * target.share / sum(each.share for each in targets)
        outcomes.append(Outcome(target.name))
        findings.append(Findings(target.name, FOLDER))
        with watched(console, outcomes[-1], findings[-1], seconds) as show:
            _fuzz(target, outcomes[-1], findings[-1], seconds, first_seed, guided and target.guided, show)
    console.print(summary(outcomes, findings))
    found = [(kind, path) for each in findings for kind, path in each.kinds.items()]
    for kind, path in found:
        console.print(f"{kind}\n  {path}; try it again: PYTHONPATH=tests python -m fuzz --repeat {path}", soft_wrap=True)
    return 1 if found else 0


def _fuzz(target: Target, outcome: Outcome, found: Findings, seconds: float, seed: int, guided: bool, show: Show) -> None:
    """Give half of the time to coverage where it can guide, and all that is left to chance."""
    began = time.monotonic()
    if guided:
        FOLDER.mkdir(exist_ok=True)

        def tick(tried: int) -> None:
            outcome.guided = tried
            show()

        before = {path: path.stat().st_mtime for path in FOLDER.glob(f"{target.name}-*.txt")}
        try:
            outcome.guided = run_guided(target.name, seconds / 2, FOLDER, tick)
        except GuidedError as error:
            found.kinds[f"atheris on {target.name}: {error}"] = FOLDER
        for path in FOLDER.glob(f"{target.name}-*.txt"):
            if before.get(path) != path.stat().st_mtime:
                found.kinds[path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")] = path
    with target.opened() as check:
        # To begin guiding may take long on a busy machine; that is not taken from what is left to chance.
        until = max(began + seconds, time.monotonic() + seconds / 2)
        fuzz(target, Attempts(check, found, outcome, until), seed, None, show)
    outcome.seconds = time.monotonic() - began


def _repeat(path: Path, targets: Sequence[Target]) -> int:
    """Try the input of a finding again, on the target that its name says."""
    target = named(path.name.rpartition("-")[0]) if len(targets) == len(TARGETS) else targets[0]
    with target.opened() as check:
        check(input_of(path))
    print(f"fuzz: nothing is wrong with it: {target.name}: {target.holds}")
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Inputs that nobody thought of.", allow_abbrev=False)
    names = ", ".join(target.name for target in TARGETS)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"what to fuzz, of {names} (default: all)")
    parser.add_argument("--seconds", type=float, default=600.0, help="time of all targets together (default: 600)")
    parser.add_argument("--seed", type=int, help="draw the inputs of an earlier run, by chance, again (default: a new one)")
    parser.add_argument("--unguided", action="store_true", help="do not use atheris, also where it is installed")
    parser.add_argument("--repeat", type=Path, metavar="FILE", help="try the input of a finding again, and see its traceback")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
