# SPDX-License-Identifier: Apache-2.0
"""A number below 1 is refused in a line, by each command that takes one."""

from argparse import ArgumentTypeError

import pytest

import bench.__main__
import bench.lab.__main__
from bench import profile
from bench.options import positive


@pytest.mark.parametrize("text", ["0", "-1", "", "x", "1.5", "\u0661", "\u00b2"])
def test_a_number_below_one_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no number of 1 or more"):
        positive(text)


def test_a_number() -> None:
    assert positive("12") == 12


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (bench.__main__.main, "--rounds"),
        (bench.__main__.main, "--body"),
        (bench.lab.__main__.main, "--rounds"),
        (profile.main, "--requests"),
        (profile.main, "--top"),
    ],
)
def test_each_command_says_so(command: object, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(command)
    with pytest.raises(SystemExit) as ended:
        command([option, "0"])
    assert ended.value.code == 2
    assert f"argument {option}: '0' is no number of 1 or more" in capsys.readouterr().err
