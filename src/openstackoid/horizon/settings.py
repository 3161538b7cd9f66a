# SPDX-License-Identifier: Apache-2.0
"""The text of Horizon's settings, in Python."""

from collections.abc import Sequence

from openstackoid.horizon.regions import Region

_HEAD = """\
# Settings of Horizon, from `openstackoid horizon`: for the end of local_settings.py, or for a file of their own in
# openstack_dashboard/local/local_settings.d, such as _9999_openstackoid.py.
from openstack_dashboard.settings import TEMPLATES as _OPENSTACKOID_TEMPLATES

# The choice "Region" of the log-in form: an authentication URL with a scope, and its label. Each label stands once.
AVAILABLE_REGIONS = [
"""
_TAIL = """\
]
OPENSTACK_KEYSTONE_URL = AVAILABLE_REGIONS[0][0]

# A session holds several tokens, for which a cookie has too little room.
SESSION_ENGINE = "django.contrib.sessions.backends.cache"

# The downloads openrc and clouds.yaml: Horizon's own templates, with the URL of the region of the log-in.
OPENRC_CUSTOM_TEMPLATE = "openstackoid/openrc.sh.template"
OPENSTACK_CLOUDS_YAML_CUSTOM_TEMPLATE = "openstackoid/clouds.yaml.template"


def _openstackoid_template(name, regions=tuple(AVAILABLE_REGIONS)):
    def tag(text):
        # Not in one piece: Kolla-Ansible takes this file for a template of Jinja.
        return "{" + "% " + text + " %" + "}"

    include = tag('include "' + name + '"') + tag("endwith")
    text = ""
    for url, label in regions:
        text += tag(("elif" if text else "if") + ' request.session.region_name == "' + label + '"')
        text += tag('with auth_url="' + url + '" regions=""') + include
    # Single sign-on gives a session without a region.
    text += tag("elif not request.session.region_name") + tag('with regions=""') + include
    return text + tag("else") + "# The dashboard does not offer the region of this log-in any more: log in again." + tag("endif")


_OPENSTACKOID_TEMPLATES[0]["OPTIONS"]["loaders"].append(
    (
        "django.template.loaders.locmem.Loader",
        {
            OPENRC_CUSTOM_TEMPLATE: _openstackoid_template("project/api_access/openrc.sh.template"),
            OPENSTACK_CLOUDS_YAML_CUSTOM_TEMPLATE: _openstackoid_template("project/api_access/clouds.yaml.template"),
        },
    )
)
"""


def settings_text(regions: Sequence[Region]) -> str:
    """Return the settings that offer these regions, whose labels and URLs hold neither quotes nor backslashes."""
    return _HEAD + "".join(f'    ("{region.url}", "{region.label}"),\n' for region in regions) + _TAIL
