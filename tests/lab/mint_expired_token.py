# SPDX-License-Identifier: Apache-2.0
"""Run by the Python of the lab's OpenStack: prints a token of a cloud that was good until an hour ago, made with its own keys.

Arguments: Keystone's configuration file, a user's id, a project's id. Nobody could wait in a test until a token expires.
"""

import sys
from datetime import UTC, datetime, timedelta

import keystone.conf
from keystone.token import token_formatters

_AUDIT_ID = "A" * 22

keystone.conf.configure()
keystone.conf.CONF([], project="keystone", default_config_files=[sys.argv[1]])
print(
    token_formatters.TokenFormatter().create_token(
        sys.argv[2],
        (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        [_AUDIT_ID],
        token_formatters.ProjectScopedPayload,
        methods=["password"],
        project_id=sys.argv[3],
    )
)
