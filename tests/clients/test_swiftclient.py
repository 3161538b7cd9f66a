# SPDX-License-Identifier: Apache-2.0
"""The command `swift`."""

import random

from clients.account import Account
from clients.tools import Client

CLIENT = Client("swiftclient", "PyPI", "python-swiftclient", "swiftclient.md")
SCOPE = "object-store=CloudTwo"


def test_an_object_in_segments_is_uploaded_listed_downloaded_and_deleted_in_the_other_cloud(account: Account) -> None:
    """`object-store=CloudTwo`: `upload` in segments, `list`, `stat`, `download`, `delete`; the container is in CloudTwo alone."""
    content = random.Random(12).randbytes(300_000)
    (account.home / "content.bin").write_bytes(content)

    def swift(*arguments: str, scope: str = SCOPE) -> str:
        return account.run("swift", *arguments, scope=scope)

    swift("upload", "--segment-size", "100000", "--use-slo", "tried-swift", "content.bin")
    assert swift("list", "tried-swift").split() == ["content.bin"]
    assert "Content Length: 300000" in swift("stat", "tried-swift", "content.bin")
    swift("download", "tried-swift", "content.bin", "--output", "again.bin")
    assert (account.home / "again.bin").read_bytes() == content
    assert "tried-swift" in swift("list").split()
    assert "tried-swift" not in swift("list", scope="").split()
    swift("delete", "tried-swift")
    swift("delete", "tried-swift_segments")
    assert not {"tried-swift", "tried-swift_segments"} & set(swift("list").split())
