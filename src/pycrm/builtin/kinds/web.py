"""Where somebody is reached on the internet: email addresses and URLs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

import attrs

from pycrm.builtin.kinds.hosts import is_host_name, is_ip_address
from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import Problem, ScalarKind, take_text

__all__ = ["EmailKind", "UrlKind"]

MAX_EMAIL_LENGTH = 254  # of a path in SMTP, RFC 5321
MAX_LOCAL_BYTES = 64
PLAIN_LENGTH = 70  # so short that no part of it can be too long

_quoted = re.compile(r'"(?:[^"\\]|\\.)*"').fullmatch
_plain_email = re.compile(r"[a-zA-Z0-9_+-]+(?:\.[a-zA-Z0-9_+-]+)*@(?:[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*\.)+[a-zA-Z]{2,24}")
_plain_url = re.compile(r"https?://(?:[a-z0-9]+(?:-+[a-z0-9]+)*\.)+[a-z]{2,24}(?:/[a-zA-Z0-9/._~%+=,-]*)?")
_unfit = re.compile(r'[\s()<>\[\]:;@\\,"]|^\.|\.$|\.\.').search
_scheme = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)").match


@plugin.field_kind
@attrs.frozen
class EmailKind(ScalarKind):
    """An email address, kept as it is written; part before the ``@`` and host may be in any script."""

    name: ClassVar[str] = "email"
    python_type: ClassVar[type] = str
    source_names: ClassVar[Mapping[str, Any]] = {"email_plain": _plain_email.fullmatch}
    replaces: ClassVar[frozenset[str]] = frozenset({"text"})

    def parse(self, value: Any) -> str:
        text = take_text(value)
        local, at, host = text.rpartition("@")
        if not at or not self._is_local(local) or not self._is_host(host) or len(text) > MAX_EMAIL_LENGTH:
            raise Problem(
                "email.invalid",
                message="is no email address; write it as mei@example.com, without name and brackets",
                value=value,
            )
        return text

    @staticmethod
    def _is_local(text: str) -> bool:
        if not text or len(text.encode()) > MAX_LOCAL_BYTES or not text.isprintable():
            return False
        return _quoted(text) is not None or not _unfit(text)

    @staticmethod
    def _is_host(text: str) -> bool:
        if text.startswith("[") and text.endswith("]"):
            return is_ip_address(text[1:-1].removeprefix("IPv6:"))
        return is_host_name(text) and not is_ip_address(text) and not text.endswith(".")

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "idn-email", "maxLength": MAX_EMAIL_LENGTH}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is str and len({value}) <= {MAX_LOCAL_BYTES} and email_plain({value}))"


@plugin.field_kind
@attrs.frozen
class UrlKind(ScalarKind):
    """The address of a page, which a browser may follow. One without ``https://`` before it gets that.

    Attributes:
        max_length: How many characters it may have.
    """

    name: ClassVar[str] = "url"
    python_type: ClassVar[type] = str
    source_names: ClassVar[Mapping[str, Any]] = {"url_plain": _plain_url.fullmatch}
    replaces: ClassVar[frozenset[str]] = frozenset({"text"})

    max_length: int = 2000

    def parse(self, value: Any) -> str:
        text = take_text(value)
        if not _scheme(text):
            text = f"https://{text}"
        if len(text) > self.max_length:
            raise Problem(
                "url.too_long",
                message="has {length} characters where {limit} are allowed; leave out what only tracks visitors",
                length=len(text),
                limit=self.max_length,
                value=value,
            )
        parts = _split(text)
        if parts is None or not _leads_somewhere(parts) or not text.isprintable() or " " in text:
            raise Problem(
                "url.invalid",
                message="is no address of a page; write it as https://example.com/page, without user and password",
                value=value,
            )
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "iri", "maxLength": self.max_length}

    def parse_source(self, value: str) -> str:
        longest = min(PLAIN_LENGTH, self.max_length)
        return f"(type({value}) is str and len({value}) <= {longest} and url_plain({value}))"


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port  # is judged when it is asked for
    except ValueError:
        return None
    return parts


def _leads_somewhere(parts: SplitResult) -> bool:
    """Return whether it is for browsers, names a host and gives no secret away."""
    host = parts.hostname or ""
    is_safe = parts.scheme in ("http", "https") and "@" not in parts.netloc
    return is_safe and "\\" not in parts.netloc and (is_host_name(host) or is_ip_address(host) or host == "localhost")
