# SPDX-License-Identifier: Apache-2.0
"""The configuration files of the web servers of a cloud's APIs."""

from openstackoid.lab.catalog import HOST, Api, apis
from openstackoid.lab.configs import Site, text


def files(site: Site) -> dict[str, str]:
    """Return the content of the web servers' configuration files, by their path below ``site.conf``."""
    return {f"{api.name}/uwsgi.ini": _server(site, api) for api in apis(site.cloud) if api.wsgi}


def _server(site: Site, api: Api) -> str:
    """Return the configuration of the web server of one API, which also logs each request's line and status."""
    port = site.addresses.ports[f"backend.{api.type}"]
    options: list[tuple[str, object]] = [
        ("http-socket", f"{HOST}:{port}"),
        ("virtualenv", site.venv),
        ("enable-threads", True),
        ("threads", 4),
        ("need-app", True),
        ("die-on-term", True),
        # The headers of one request, scoped tokens among them, must fit.
        ("buffer-size", 65535),
        # This server closes every connection; announcing it spares the gateway a failed reuse.
        ("add-header", "Connection: close"),
        # The log of requests has the client's address, which the gateway alone says.
        ("log-x-forwarded-for", True),
    ]
    if site.cloud.layout == "prefix":
        options += [("mount", f"{api.path}={api.wsgi}:application"), ("manage-script-name", True)]
    else:
        options += [("module", f"{api.wsgi}:application")]
    if api.name == "glance":
        # Images arrive in chunks, without a Content-Length.
        options += [("chunked-input-limit", 67108864), ("chunked-input-timeout", 60)]
    if api.name == "cinder":
        options += [("pyargv", f"--config-file {site.conf / 'cinder/cinder.conf'}")]
    return "[uwsgi]\n" + "".join(f"{key} = {text(value)}\n" for key, value in options)
