# SPDX-License-Identifier: Apache-2.0
"""The remedy of each fault, as ``openstackoid status``, the console and ``openstackoid doctor`` print it. Pure.

docs/operate/alerts.md has the same sentences, with more beside them. ``{cloud}`` is the gateway's cloud, ``{name}`` the item's.
"""

NO_GATEWAY = "start it: systemctl start openstackoid-gateway@{cloud}, or openstackoid gateway run"
PART_DOWN = "it is started again by itself; if it stays down, journalctl -u openstackoid-gateway@{cloud} has the reason"
PART_FLAPS = "journalctl -u openstackoid-gateway@{cloud} has its last lines before each death; go back to the release before"
PART_DIED = "journalctl -u openstackoid-gateway@{cloud} has its last lines"
DESCRIPTION_BROKEN = "correct the line that openstackoid gateway check names; the gateway reads the file again by itself"
CERTIFICATE_ENDS = "renew the certificate (docs/operate/tls.md); the gateway reads the new file by itself"
STORE_DOWN = "look at the database that the description names, or at the disk of the state folder"
AUDIT_DISK = "free some space on the disk of the audit log now"
AUDIT_LOST = "openstackoid_audit_lost_total names the place; docs/operate/alerts.md says what to do at each"
CLOCK_OFF = "have this machine follow NTP"

SERVICE_DOWN = "start the service; its own log has the reason"
SERVICE_SLOW = "look at its workers, its machine and its database"

PEER_UNREACHABLE = (
    "openstackoid peer check {name} --cloud {cloud} --config FILE names the step that fails; then tell its operator"
)
HOST_UNKNOWN = "correct the frontend's host, or add it to DNS"
PEER_CLOCK_OFF = "tell its operator; with one peer alone, compare both clocks with NTP"
PEER_DESCRIPTION_DIFFERS = "agree on one description with its operator: clouds, frontends and 'shared' are the same in both"
PEER_BLOCKED = "to end the block: openstackoid peer unblock {name} --cloud {cloud} --config FILE"
