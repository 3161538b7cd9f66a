# SPDX-License-Identifier: Apache-2.0
"""Texts by which HAProxy finds a possible scope in a token; :mod:`openstackoid.scope.token` reads it."""

MARKS = "!SCOPE! ~ %"
"""Parts of a token with a scope; a percent sign is left of a mark that a client has quoted."""

ANYWHERE = "!SCOPE! 21SCOPE SCOPE% ~ey ~ew"
"""The same for values that need not be tokens, without case: all matches of :func:`openstackoid.scope.holds_scope`, and more."""

IN_BODY = r"!SCOPE ~ % \\u"
"""Parts of a log-in's body with a possible scope in its token."""
