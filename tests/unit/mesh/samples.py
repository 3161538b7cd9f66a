# SPDX-License-Identifier: Apache-2.0
"""Descriptions for the tests of the reader of descriptions."""

GOOD = """\
mesh: 1
clouds:
  CloudOne:
    region: North
    gateway:
      bind: 0.0.0.0
      timeouts: {connect: 1.5, server: 600}
    services:
      identity:
        frontend: http://one:8080/identity/v3
        backend: http://127.0.0.1:5000
      image:
        name: pictures
        frontend: {public: http://one:8080/image, internal: http://in:9292}
        backend: [http://127.0.0.1:19292/glance/, http://127.0.0.2:19292/glance]
      volumev3:
        frontend: {public: http://one:8080/volume/v3/$(project_id)s, admin: http://in:8776/v3/$(project_id)s}
        backend: {public: http://127.0.0.1:8776}
  CloudTwo:
    services:
      image: {frontend: http://two:80/image}
"""


def service(yaml: str) -> str:
    return f"mesh: 1\nclouds:\n  One:\n    services:\n      image: {yaml}\n"


TWO = "clouds:\n  One: {services: {image: {frontend: http://h:1}}}\n  Two: {services: {image: {frontend: http://h:2}}}\n"


def rule(**changed: str) -> str:
    keys = {"name": "r", "service": "image", "partner": "compute", "requests": "[POST /x]", "reason": "y"} | changed
    return f"mesh: 1\ncollaborations: [{{{', '.join(f'{key}: {value}' for key, value in keys.items() if value)}}}]\n{TWO}"


def gateway(yaml: str) -> str:
    return service("{frontend: http://h}").replace("    services", f"    gateway: {yaml}\n    services")
