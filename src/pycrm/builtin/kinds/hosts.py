"""Names of hosts, as they stand in an email address or a URL."""

from __future__ import annotations

import ipaddress
import re

__all__ = ["is_host_name", "is_ip_address"]

MAX_HOST_LENGTH = 253

# ASCII letters, digits and inner hyphens, and whatever lies beyond ASCII: names in Chinese, Arabic or Hindi. The full
# stops of East Asian keyboards are no dots.
_LABEL = r"(?!-)(?:[A-Za-z0-9-]|[^\x00-\x7f。．｡]){1,63}(?<!-)"
_host = re.compile(rf"{_LABEL}(?:\.{_LABEL})+\.?").fullmatch


def is_host_name(text: str) -> bool:
    """Return whether *text* is the full name of a host, with at least one dot: ``example.com``, ``例子.公司``."""
    return len(text) <= MAX_HOST_LENGTH and text.isprintable() and " " not in text and _host(text) is not None


def is_ip_address(text: str) -> bool:
    """Return whether *text* is an address of IPv4, or of IPv6 without brackets."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
