"""Functions made from source text, for work done once per record where a loop over fields would cost too much.

User text enters the source only by `repr` or as a named constant. Each text is compiled once, and `linecache` knows
it, so tracebacks show the generated line.
"""

from __future__ import annotations

import linecache
from functools import lru_cache
from types import CodeType
from typing import Any

__all__ = ["make_function"]


def make_function(source: str, name: str, constants: dict[str, Any]) -> Any:
    """Return the function *name* that *source* defines, with *constants* as its globals."""
    namespace = dict(constants)
    exec(_compiled(source, name), namespace)  # noqa: S102 - the source is ours, see above
    return namespace[name]


@lru_cache(maxsize=4096)
def _compiled(source: str, name: str) -> CodeType:
    filename = f"<pycrm {name} {abs(hash(source)):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    return compile(source, filename, "exec")
