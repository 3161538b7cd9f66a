# SPDX-License-Identifier: Apache-2.0
"""Read a JSON answer of a peer as a whole, and pass it on with rewritten links."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import aiohttp
from multidict import CIMultiDict

from openstackoid.bridge.errors import WholeAnswer
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.message.head import Head, without
from openstackoid.bridge.message.hidden_tokens import NONE, HiddenTokens
from openstackoid.bridge.proxy.composed_limits import HeldAnswer
from openstackoid.bridge.proxy.image_answers import UNREADABLE, without_places
from openstackoid.bridge.proxy.links import Links, is_no_json
from openstackoid.bridge.upstream.target import Target
from openstackoid.bridge.upstream.upstream import Upstream, read_answer
from openstackoid.composition import FEW_VALUES, MOST_VALUES, has_more_values
from openstackoid.routing import Headers, Single, names_document

LIMIT = 32 * 1024 * 1024
"""Bytes of a JSON answer; a list of ten thousand ports has about ten million."""

_LARGE = 256 * 1024
_LONG_WORK = 2_000
"""The values of a document, at most, that is rewritten while other requests wait: about 10 ms."""
_HOME = "application/json-home"
_NO_WHOLE_BODY = (204, 206, 304)
_OF_THE_BYTES = ("content-md5", "digest", "content-digest", "repr-digest")


def should_rewrite_links(status: int, headers: Headers) -> bool:
    """Return whether an answer is, or for HEAD would be, a JSON document."""
    media = _media(headers)
    return status not in _NO_WHOLE_BODY and (media in ("application/json", _HOME) or media.endswith("+json"))


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer on its way back: the target, the headers to pass on, and the deadline.

    ``held``: the memory of an answer that is made into one with others. ``read``: clients read it as JSON under any type, and
    follow it (:meth:`Links.must_be_read`).
    """

    upstream: Upstream
    target: Target
    answer: aiohttp.ClientResponse = field(repr=False)
    headers: Headers = field(repr=False)
    deadline: Deadline
    held: HeldAnswer | None = None
    read: bool = False


async def rewrite_links(given: Answered, head: Head, plan: Single, links: Links, hidden: HiddenTokens = NONE) -> WholeAnswer:
    """Return the answer with the links in its document rewritten, without headers about its bytes if they change.

    A peer's answer whose links or places clients follow loses those that lead elsewhere, or is refused. The answer to HEAD has
    no length. Raises ``UpstreamError`` (502) for a document that is larger than :data:`LIMIT`, or compressed.
    """
    encodings = {value.strip().lower() for name, value in given.headers if name.lower() == "content-encoding"}
    if not encodings <= {"", "identity"}:
        raise given.upstream.unusable(
            given.target, "its answer is compressed, though it was asked not to be: its links stay hidden"
        )
    whole = names_document(plan.frontend_endpoint, head.path)
    strict = given.read and head.method != "HEAD"

    def rewritten(content: bytes) -> bytes:
        if not (strict and content):
            return links.document(content, whole=whole)
        try:
            if links.of_images(head.path):
                written = without_places(content, head.path, links)
            else:
                written = links.strict_document(content, whole=whole)
            return content if written == content else written
        except (ValueError, RecursionError):
            raise given.upstream.unusable(given.target, UNREADABLE) from None

    most = LIMIT if given.held is None else min(LIMIT, given.held.most)
    async with AsyncExitStack() as held:
        slot: asyncio.Semaphore | None = None

        async def grown(size: int) -> None:
            nonlocal slot
            if given.held is not None:
                await given.held.hold(size)
            if size > _LARGE and slot is None:
                slot = given.upstream.large_documents.of(plan.endpoint.cloud)
                await held.enter_async_context(slot)

        content = await read_answer(given.upstream, given.target, given.answer, most, grown)
        given.deadline.stop()
        values = FEW_VALUES if whole else MOST_VALUES
        if plan.endpoint.cloud != plan.frontend_endpoint.cloud and has_more_values(content, values):
            raise given.upstream.unusable(given.target, f"its answer has more than {values} values")
        if slot is not None or has_more_values(content, _LONG_WORK):
            async with given.upstream.large_documents.thread_of(plan.endpoint.cloud):
                body = await asyncio.to_thread(rewritten, content)
        else:
            body = rewritten(content)
    headers = without(given.headers, "content-length")
    if strict and body:
        media = _media(headers)
        if is_no_json(body):
            # A client that read it by another encoding might find JSON.
            kind = f"{media or 'text/plain'}; charset=utf-8"
        else:
            kind = media if media == _HOME and not links.of_images(head.path) else "application/json"
        headers = (*without(headers, "content-type", "content-encoding"), ("Content-Type", kind))
    if body is not content or head.method == "HEAD":
        headers = tuple((name, _weak(value) if name.lower() == "etag" else value) for name, value in headers)
        headers = without(headers, *_OF_THE_BYTES)
    return WholeAnswer(
        status=given.answer.status,
        reason=given.answer.reason,
        headers=CIMultiDict(headers),
        body=None if head.method == "HEAD" else hidden.body(body),
    )


def _media(headers: Headers) -> str:
    given = next((value for key, value in headers if key.lower() == "content-type"), "")
    return given.partition(";")[0].strip().lower()


def _weak(etag: str) -> str:
    """Return a validator for the same content in other bytes."""
    return etag if etag.startswith("W/") else f"W/{etag}"
