# SPDX-License-Identifier: Apache-2.0
"""The main job, as the README promises it: the demo checks each of its claims and ends with 0 when all hold."""

from typing import Any

import pytest

from examples import demo


def test_demo(lab: Any, capfd: pytest.CaptureFixture[str]) -> None:
    code = demo.main()
    shown, errors = capfd.readouterr()
    assert code == 0, shown + errors
    for promise in (
        "shows the certificate of CloudOne",
        "shows the certificate of CloudTwo",
        "it does not answer without TLS",
        "the gateway of CloudTwo accepts the certificate of CloudOne's",
        "it refuses one of the same name that another authority has signed",
        "it has each image of either cloud once",
        "the column Cloud names the cloud that has the image",
        "the image of CloudTwo is shown by its id alone",
        "the server is ACTIVE in CloudOne",
        "its image is CloudTwo's",
        "the bytes that CloudOne's compute node received have CloudTwo's checksum",
        "CloudTwo's Glance served the image's bytes to CloudOne's compute",
        "CloudOne's Glance served none",
        "the server is ACTIVE in CloudTwo",
        "have the hash in their wheel's RECORD",
    ):
        assert any(line.startswith("  ✔ ") and promise in line for line in shown.splitlines()), promise
    assert "openstackoid lab env CloudOne" in shown
