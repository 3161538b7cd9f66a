# SPDX-License-Identifier: Apache-2.0
"""A scope in the forms in which clients take it, to be copied. Pure."""

import json
import shlex
from dataclasses import dataclass

import yaml

from openstackoid.horizon import HorizonError, scoped_url
from openstackoid.mesh import Cloud
from openstackoid.scope import Scope, ScopeError, parse


@dataclass(frozen=True, slots=True)
class Copies:
    """The forms of a scope. ``url`` and ``terraform`` are empty for a cloud without a Keystone in the description."""

    option: str
    clouds_yaml: str
    url: str
    terraform: str


def copies_of(home: Cloud, scope: Scope) -> Copies:
    """Return the forms of a scope for a user who logs in at ``home``."""
    try:
        url, plain = scoped_url(home, scope), scoped_url(home, None)
    except HorizonError:
        url = plain = ""
    return Copies(f"--os-scope {shlex.quote(short(scope))}", _clouds_yaml(home, scope, plain), url, _terraform(home, url))


def short(scope: Scope) -> str:
    """Return the short form of a scope, or JSON where the short form would mean another one."""
    text = ",".join(f"{service}={clouds}" for service, clouds in scope.items())
    try:
        return text if parse(text) == scope else scope.to_header()
    except ScopeError:
        return scope.to_header()


def _clouds_yaml(home: Cloud, scope: Scope, url: str) -> str:
    auth = {"auth_url": url, "username": "YOUR-USER", "project_name": "YOUR-PROJECT"}
    auth |= {"user_domain_name": "Default", "project_domain_name": "Default"}
    entry = {"auth": auth, "region_name": home.region, "scope": dict(scope), "vendor_hook": "openstackoid.client.hook:install"}
    return yaml.safe_dump({"clouds": {home.name: entry}}, sort_keys=False, allow_unicode=True, width=1000)


def _terraform(home: Cloud, url: str) -> str:
    if not url:
        return ""
    lines = [f"auth_url            = {_quoted(url)}", f"region              = {_quoted(home.region)}"]
    lines += ['user_name           = "YOUR-USER"', 'tenant_name         = "YOUR-PROJECT"']
    lines += ['user_domain_name    = "Default"', 'project_domain_name = "Default"']
    return 'provider "openstack" {\n' + "".join(f"  {line}\n" for line in lines) + "}\n"


def _quoted(text: str) -> str:
    """Return a string of Terraform's language, in which no part of the text is a template."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
