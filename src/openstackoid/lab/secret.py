# SPDX-License-Identifier: Apache-2.0
"""The secrets of one cloud of the lab: drawn at its first start, and shared with no other cloud."""

import base64
import json
import secrets
import uuid
from pathlib import Path

from openstackoid.lab.catalog import SERVICE_USERS
from openstackoid.lab.state import write_private

MARK = "labSecret"
"""The beginning of every password of the lab, so that a leaked one is recognised."""

ACCOUNTS = ("admin", "demo", "reader", *SERVICE_USERS, "database", "bus", "swift_hash")


def passwords(directory: Path) -> dict[str, str]:
    """Return the passwords of the cloud in this folder, by account; draw missing ones."""
    path = directory / "passwords.json"
    try:
        known = dict(json.loads(path.read_text()))
    except FileNotFoundError:
        known = {}
    # Letters and digits: safe in a URL, an INI file and SQL.
    complete = {account: known.get(account) or MARK + secrets.token_hex(16) for account in ACCOUNTS}
    write_private(path, json.dumps(complete, indent=1))
    return complete


def keys(conf: Path, data: Path) -> None:
    """Draw Keystone's fernet and credential keys and Nova's node id, unless the cloud has them."""
    for repository in ("fernet-keys", "credential-keys"):
        for number in ("0", "1"):
            path = conf / "keystone" / repository / number
            if not path.exists():
                # A Fernet key is 32 random bytes in URL-safe base64; "0" is the next one, "1" the current.
                write_private(path, base64.urlsafe_b64encode(secrets.token_bytes(32)))
    node = data / "nova" / "compute_id"
    if not node.exists():
        write_private(node, str(uuid.uuid4()))
