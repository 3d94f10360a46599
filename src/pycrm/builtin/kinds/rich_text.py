"""Text with emphasis, lists, tables and links, as HTML that no browser comes to harm with."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import PRESENCE, MissingExtraError, Problem, ScalarKind, take_text

__all__ = ["RichTextKind"]

MAX_LENGTH = 1_000_000
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
LINK_REL = "noopener noreferrer nofollow"


@plugin.field_kind
@attrs.frozen
class RichTextKind(ScalarKind):
    """HTML, of which only harmless elements and attributes are kept; the package ``nh3`` (extra ``text``) sees to it.

    Nothing is taken without that package. Scripts, styles, forms and frames are dropped; links get a `rel` that tells
    the other side nothing.

    Attributes:
        max_length: How many characters it may have, tags counted.
    """

    name: ClassVar[str] = "rich_text"
    python_type: ClassVar[type] = str
    operators: ClassVar[frozenset[str]] = PRESENCE
    sortable: ClassVar[bool] = False

    max_length: int = MAX_LENGTH

    def parse(self, value: Any) -> str:
        text = take_text(value)
        # Before it is cleaned too: the work grows with what is given.
        harmless = _cleaned(text) if len(text) <= self.max_length else text
        if len(harmless) > self.max_length:
            raise Problem(
                "rich_text.too_long",
                message="has {length} characters, tags counted, where {limit} are allowed; shorten it",
                length=len(harmless),
                limit=self.max_length,
                value=value,
            )
        return harmless

    def display(self, value: str) -> str:
        from pycrm.builtin.kinds.plain_text import plain_text

        return plain_text(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "text/html", "maxLength": self.max_length}


def _cleaned(text: str) -> str:
    try:
        import nh3
    except ImportError as error:
        raise MissingExtraError(
            "rich text is taken only where nh3 can clean it; install it by: pip install 'pycrm[text]'", extra="text"
        ) from error
    return str(nh3.clean(text, url_schemes=set(SCHEMES), link_rel=LINK_REL))
