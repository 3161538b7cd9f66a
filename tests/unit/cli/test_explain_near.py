# SPDX-License-Identifier: Apache-2.0
"""``openstackoid explain`` of scopes with ``around`` and ``nearest``: the near clouds with their times, and the others."""

import json
from pathlib import Path

import pytest

from openstackoid.cli import main
from openstackoid.mesh.load import PACKED
from unit.cli.explaining import THREE, Explain


def test_near_clouds_are_told_with_their_times(told: Explain, desk: Path) -> None:
    (desk / "from-two.json").write_text('{"from": "CloudTwo", "clouds": [{"name": "CloudOne", "milliseconds": 60}]}')
    scope = ("--scope", "image=around(CloudOne, 10ms),compute=nearest(CloudTwo)")
    answer = told("--times", "times.json", "--times", "from-two.json", *scope, "GET", "/image/v2/images")
    assert (answer["route"], answer["clouds"]) == ("otherwise", ["CloudOne", "CloudTwo"])
    assert answer["scope"] == {"*": "CloudOne", "image": "CloudOne | CloudTwo", "compute": "CloudTwo | CloudOne"}
    near = [{"cloud": "CloudOne", "milliseconds": 0.0}, {"cloud": "CloudTwo", "milliseconds": 4.5}]
    assert answer["near"][0] == {"expression": "around(CloudOne, 10ms)", "clouds": near, "farther": [], "unknown": []}
    assert [each["expression"] for each in answer["near"]] == ["around(CloudOne, 10ms)", "nearest(CloudTwo)"]


def test_without_times_the_cloud_is_alone_and_the_answer_says_why(told: Explain) -> None:
    answer = told("--scope", "image=around(CloudOne, 10ms)", "GET", "/image/v2/images")
    assert (answer["route"], answer["clouds"]) == ("local", ["CloudOne"])
    assert answer["near"][0]["unknown"] == ["CloudTwo"]


def test_a_service_of_its_own_under_a_star_is_not_called_named(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "three.json").write_text(
        json.dumps({"from": "CloudOne", "clouds": [{"name": name, "milliseconds": 1} for name in ("CloudTwo", "Cloud-3.b")]})
    )
    listener = next(each for each in THREE.clouds["CloudOne"].endpoints if each.service == "image").listener
    words = ["--config", f"three{PACKED}", "--at", "CloudOne", "--times", "three.json", "--scope", "nearest(CloudOne)"]
    assert main(["explain", *words, "GET", f"http://{listener}/image/v2/images"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.replace("scope ", "").splitlines()]
    rows = {line[0]: line[1].strip() for line in lines if len(line) == 2}
    assert rows["compute"] == "CloudOne | CloudTwo (*)"
    assert rows["image"] == "CloudOne | Cloud-3.b | CloudTwo (*)"
    assert rows["placement"] == "CloudOne | CloudTwo (follows compute)"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"clouds": []}', "\xff"])
def test_a_file_that_is_no_page_of_times_is_refused(content: str, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "bad.json").write_text(content)
    assert main(["explain", "--config", "mesh.yaml", "--at", "CloudOne", "--times", "bad.json", "GET", "/image/v2"]) == 1
    assert "bad.json: the page /.openstackoid/round-trips of a gateway is accepted" in capsys.readouterr().err
