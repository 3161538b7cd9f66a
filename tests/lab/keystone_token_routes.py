# SPDX-License-Identifier: Apache-2.0
"""Run by the Python of the lab's OpenStack: prints Keystone's routes that issue a token, or are a step towards one.

One line of JSON: a list of paths, in which ``*`` is a parameter, with the methods that the route takes.
"""

import inspect
import json
import re

import keystone.conf
from keystone.server.flask.application import application_factory

GIVING = (
    "authenticate_for_token",
    "handle_authenticate",
    "create_base_saml_assertion",
    "issue_token",
    "create_request_token",
    "create_access_token",
    "authorize_request_token",
)

keystone.conf.configure()
keystone.conf.CONF([], project="keystone", default_config_files=[])
application = inspect.unwrap(application_factory)()
found = {}
for rule in application.url_map.iter_rules():
    view = getattr(application.view_functions[rule.endpoint], "view_class", None)
    if view is None:
        continue
    own = [kind for kind in view.__mro__ if kind.__module__.startswith("keystone.api.")]
    if any(name in inspect.getsource(kind) for kind in own for name in GIVING):
        found[re.sub(r"<[^>]*>", "*", rule.rule)] = sorted(rule.methods)
print(json.dumps(found))
