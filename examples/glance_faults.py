# SPDX-License-Identifier: Apache-2.0
"""A boot with an image of ``CloudOne | CloudTwo`` while CloudOne's Glance fails: each fault, and the outcome of the boot.

``tests/lab/test_third_cloud.py`` plays them on the lab of three clouds. ``docs/use/examples.md`` is this table, for readers.
"""

from dataclasses import dataclass

SCOPE = '{"image": "CloudOne | CloudTwo"}'
BOOT = ("server", "create", "--flavor", "m1.tiny", "--network", "lab", "--wait", "--image")
"""The command without the image's id and the server's name."""

LACKS, STOPPED, FROZEN = "lacks", "stopped", "frozen"
UNAVAILABLE, CUT_DOCUMENT, CUT_BYTES = "unavailable", "cut-document", "cut-bytes"


@dataclass(frozen=True)
class Fault:
    """A fault of CloudOne's Glance. ``made_by``: its cause, for a reader; ``status``: the server's, after the boot."""

    key: str
    text: str
    made_by: str
    status: str
    outcome: str

    @property
    def row(self) -> str:
        """The fault as a row of the documents' table."""
        return f"| `{self.key}` | {self.text} | {self.made_by} | {self.status}: {self.outcome} |"


_PROXY, _BY_TWO = "a proxy before the real Glance", "the bytes come from CloudTwo"
FAULTS = (
    Fault(LACKS, "is healthy, and lacks the image", "`openstack image create` in CloudTwo alone", "ACTIVE", _BY_TWO),
    Fault(STOPPED, "is stopped", "`kill -TERM -- -PID`", "ACTIVE", _BY_TWO),
    Fault(FROZEN, "is frozen", "`kill -STOP -- -PID`", "ACTIVE", _BY_TWO),
    Fault(UNAVAILABLE, "answers 503", _PROXY, "ACTIVE", _BY_TWO),
    Fault(CUT_DOCUMENT, "breaks off in the body of a document, and before an image's first byte", _PROXY, "ACTIVE", _BY_TWO),
    Fault(CUT_BYTES, "breaks off in the middle of an image's bytes", _PROXY, "ERROR", "a download that has begun breaks off"),
)


def faults_table() -> str:
    """Return the faults as the documents show them."""
    head = "| fault | CloudOne's Glance | made by | the server |\n| --- | --- | --- | --- |"
    return "\n".join([head, *(fault.row for fault in FAULTS)])


def boot_command() -> str:
    """Return the boot as the documents show it."""
    return f"$ openstack {' '.join(BOOT)} IMAGE ex-fault --os-scope '{SCOPE}'"
