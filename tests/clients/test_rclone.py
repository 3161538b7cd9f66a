# SPDX-License-Identifier: Apache-2.0
"""rclone, as a user of object stores knows it: a remote of the type swift that takes its account from the environment."""

import json
import random

from clients.account import Account
from clients.tools import Client

CLIENT = Client("rclone", "Debian", "rclone", "rclone.md")
SCOPE = "object-store=CloudTwo"


def test_files_are_copied_listed_read_and_purged_in_the_other_cloud(account: Account) -> None:
    """`object-store=CloudTwo`: `copy` a folder, `ls`, `cat`, `check`, `purge`; the container is in CloudTwo alone."""
    content = random.Random(12).randbytes(300_000)
    (account.home / "files").mkdir()
    (account.home / "files" / "one.bin").write_bytes(content)
    (account.home / "files" / "two words.txt").write_text("two\n")
    (account.home / "rclone.conf").write_text("[store]\ntype = swift\nenv_auth = true\n")

    def rclone(*arguments: str, scope: str = SCOPE) -> str:
        return account.run("rclone", "--config", "rclone.conf", "--ca-cert", account.authority, *arguments, scope=scope)

    rclone("copy", "files", "store:tried-rclone")
    listed = {row["Path"]: row["Size"] for row in json.loads(rclone("lsjson", "store:tried-rclone"))}
    assert listed == {"one.bin": len(content), "two words.txt": 4}
    assert rclone("cat", "store:tried-rclone/two words.txt") == "two\n"
    rclone("check", "--download", "files", "store:tried-rclone")
    assert "tried-rclone" in rclone("lsd", "store:")
    assert "tried-rclone" not in rclone("lsd", "store:", scope="")
    rclone("purge", "store:tried-rclone")
    assert "tried-rclone" not in rclone("lsd", "store:")
