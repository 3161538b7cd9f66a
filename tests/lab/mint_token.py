# SPDX-License-Identifier: Apache-2.0
"""Run by the Python of the lab's OpenStack: prints tokens of a cloud, made with its own keys, that a test cannot get otherwise.

Arguments: Keystone's configuration file, the kind, a user's id, a project's id, and how many. The kinds:
``expired`` was good until an hour ago; ``bound`` is a token of OAuth2 that is bound to a client's certificate, which a web server
would have to show to Keystone.
"""

import sys
from datetime import UTC, datetime, timedelta

import keystone.conf
from keystone.token import token_formatters

_AUDIT_ID = "A" * 22
_THUMBPRINT = "B" * 43 + "="

configuration, kind, user, project, number = sys.argv[1:]
keystone.conf.configure()
keystone.conf.CONF([], project="keystone", default_config_files=[configuration])
KINDS = {
    "expired": (-1, token_formatters.ProjectScopedPayload, ["password"], {}),
    "bound": (1, token_formatters.Oauth2CredentialsScopedPayload, ["oauth2_credential"], {"thumbprint": _THUMBPRINT}),
}
hours, payload, methods, more = KINDS[kind]
for _ in range(int(number)):
    expires = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    formatter = token_formatters.TokenFormatter()
    print(formatter.create_token(user, expires, [_AUDIT_ID], payload, methods=methods, project_id=project, **more))
