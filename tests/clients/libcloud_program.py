# SPDX-License-Identifier: Apache-2.0
"""A program on Apache Libcloud that boots a node and makes an image of it; it runs in the clients' environment.

It prints the ids of the image that it boots from, of the node's image and of the new one, and deletes the node.
"""

import os
import sys
import time

import libcloud.security
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

libcloud.security.CA_CERTS_PATH = os.environ["OS_CACERT"]
cloud = get_driver(Provider.OPENSTACK)(
    os.environ["OS_USERNAME"],
    os.environ["OS_PASSWORD"],
    api_version="2.2",
    ex_force_auth_version="3.x_password",
    ex_force_auth_url=os.environ["OS_AUTH_URL"].removesuffix("/v3"),  # libcloud adds it
    ex_tenant_name=os.environ["OS_PROJECT_NAME"],
    ex_force_service_region=os.environ["OS_REGION_NAME"],
)
flavor, network = sys.argv[1:]
(image,) = [image for image in cloud.list_images() if image.name == "cirros"]
node = cloud.create_node(
    name="tried-libcloud",
    image=image,
    size=cloud.ex_get_size(flavor),
    networks=[found for found in cloud.ex_list_networks() if found.id == network],
)
((node, _addresses),) = cloud.wait_until_running([node], wait_period=1, timeout=180, ssh_interface="private_ips")
made = cloud.create_image(node, "tried-libcloud")
for _ in range(180):
    if cloud.get_image(made.id).extra["status"].lower() == "active":
        break
    time.sleep(1)
cloud.destroy_node(node)
print(image.id, node.extra["imageId"], made.id)
