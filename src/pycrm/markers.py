"""The two pluggy markers: `hookspec` declares a seam, `hookimpl` fills one."""

from __future__ import annotations

import pluggy

hookspec = pluggy.HookspecMarker("pycrm")
hookimpl = pluggy.HookimplMarker("pycrm")
