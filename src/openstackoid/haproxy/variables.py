# SPDX-License-Identifier: Apache-2.0
"""The variables of the generated configuration. A test refuses one that is used and not declared here, or the reverse."""

VARIABLES = {
    # Of the process.
    "proc.salt": "the salt of the digests of guests' tokens",
    "proc.draining": "true from the beginning of a drain",
    # Of the connection.
    "sess.from": "the cloud of the sending gateway, by its certificate",
    "sess.stranger": "set for a client with a certificate that names no cloud of the mesh",
    "sess.sni": "the host that a user's client has opened it for",
    "sess.opened_for": "the number of the listener of that host",
    "sess.token": "its last token that was to be bound",
    "sess.digest": "the digest of that token",
    # Of the request: what is asked.
    "txn.host": "the host that the client spoke to",
    "txn.called": "the number of the socket, and the host that the request is for",
    "txn.listener": "the number of the listener of that host",
    "txn.path": "the path as it came",
    "txn.path_read": "the path as a server may read it, if it is ambiguous",
    "txn.path_read_as": "the endpoint of that path",
    "txn.endpoint": "the endpoint that listener and path name, by its key",
    "txn.arrived": "bytes of the body of a login that are here",
    # Of the request: the route.
    "txn.mark": "'=' for a token, and the text after it; for Keystone with that of the second token",
    "txn.subject_mark": "the same of the token that a request to Keystone is about",
    "txn.class": "the class of the path, by which an answer may have to be rewritten",
    "txn.key": "the key of the route",
    "txn.route": "the route: the mark to put behind the token; or the peer's row of clouds.map, the token's home, and the mark",
    "txn.turns": "endpoint, number of clouds and mark of a request whose first cloud HAProxy asks",
    "txn.clouds": "the number of those clouds",
    "txn.turn": "the name of its first turn",
    "txn.size": "the bytes of a body that the first cloud has announced",
    "txn.bridge": "set for requests for the Python service",
    "txn.guest": "the tokens of a request that may be a guest's",
    "txn.admission": "the admission of the guest",
    "txn.allowed": "the number of requests that it lets in, and the name of the paths",
    "txn.theirs": "the guest's project at home",
    "txn.replaced": "the key of the route, or of the bound token, to be replaced in its slot",
    # Of the request: bound tokens.
    "txn.hour": "the hour, for which a bound token is kept",
    "txn.bound_key": "the digest of the token, the key of the route, and the hour",
    "txn.bound": "the bound token to send in the place of the user's",
    "txn.service_key": "the digest of the service token and of txn.bound_key",
    "txn.bound_service": "the bound token to send in the place of the service's, or '-' for none",
    # What is written down.
    "txn.record": "trace, time and socket of a traced request",
    "txn.via": "the header in which the scope of a traced request came",
    "txn.left": "the log's part about a request that has left, or of a guest",
    "txn.use": "the peer's admission header, or the admission of the guest here",
    "txn.id": "the request id of a request that leaves, or of a guest's",
    # Of a request of the Python service.
    "txn.to": "the target that it names",
    # Of a request that leaves.
    "txn.cloud": "the name of the peer",
    "txn.at": "the number of the peer's host, its port, and its path prefix",
    "txn.where": "host and address of the peer, if a peer has several",
    "txn.other": "the number of the host, if it is not the first",
    "txn.peer_host": "the name that DNS is asked for",
    "txn.address": "the address of the peer",
    "txn.prefix": "the peer's path prefix",
    "txn.wire": "set if the peer has announced the newer form of a scope",
    "txn.wire_spoken": "set if a peer has announced a form in its request",
    "txn.home": "the third cloud that has issued the token",
    "txn.patience": "the seconds that the peer has for an answer, where services differ in that",
    "txn.until": "the time until which the peer counts as down",
    "txn.tried": "set while a request tries a peer that was down",
    "txn.tries": "set for the request that tries it",
    # Of the Python service.
    "txn.source": "the client whose requests are counted: an address, or a peer's gateway",
    "txn.token": "the digest of the token, without its mark",
    "txn.bridge_trouble": "why the Python service could not be asked",
    "txn.bridge_unanswered": "the error for a missing answer",
    # Of a link in an answer.
    "txn.link": "the link",
    "txn.link_at": "host and port that it names",
    "txn.link_host": "the host that the client spoke to, in the form in which links are compared",
    "txn.link_key": "the key of the link in links.map",
    "txn.link_name": "the host that it names",
    "txn.link_number": "the number of that host among those of the peer",
    "txn.link_origin": "scheme and host to write",
    "txn.link_path": "its path",
    "txn.link_place": "the endpoint of this gateway that it means",
    "txn.link_port": "the port that it names",
    "txn.link_socket": "the listener that the client spoke to",
    "txn.within": "set if a redirect stays within the requested service",
}
"""Each variable and its content. ``txn`` lives as long as the request and its answer, ``sess`` as the connection, ``proc`` as
HAProxy."""
