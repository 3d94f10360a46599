"""Released snapshots: written once, read in order, refused where they are none."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycrm.errors import ConfigurationError, PluginError
from pycrm.schema.releases import check_release, read_releases, write_release

SNAPSHOT: dict[str, Any] = {"entities": {"shop.thing": {"fields": {"name": {"kind": "text"}}}}, "extensions": {}}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a package that can be imported."""
    (tmp_path / "released_shop").mkdir()
    (tmp_path / "released_shop" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield "released_shop"
    sys.modules.pop("released_shop", None)


def test_in_the_order_of_versions(package: str) -> None:
    """They come back oldest first, by number; other files beside them are passed over."""
    for version in ("1.10", "1.9", "2"):
        file = write_release("shop", version, package, {**SNAPSHOT, "note": version})
    (file.parent / "README.md").touch()

    assert [(each.version, each.snapshot) for each in read_releases("shop", package)] == [
        (version, {**SNAPSHOT, "note": version}) for version in ("1.9", "1.10", "2")
    ]


def test_without_any(package: str) -> None:
    """A package without releases, and an owner without a package, have none."""
    assert read_releases("shop", package) == []
    assert read_releases("shop", None) == []


def test_check(package: str) -> None:
    """The check wants the file, and the same in it."""
    with pytest.raises(PluginError, match=r"'shop' 1\.0 has no migrations/1\.0\.json; run `pycrm plugin freeze shop`"):
        check_release("shop", "1.0", package, SNAPSHOT)
    file = write_release("shop", "1.0", package, SNAPSHOT)

    assert check_release("shop", "1.0", package, json.loads(json.dumps(SNAPSHOT))) == file
    other = {"entities": {}, "extensions": {"account": {"x": {"kind": "text"}}}}
    with pytest.raises(PluginError) as caught:
        check_release("shop", "1.0", package, other)
    assert "  entities.shop.thing: released {" in str(caught.value)
    assert '  extensions.account: released absent, declared {"x": {"kind": "text"}}' in str(caught.value)


@pytest.mark.parametrize(
    "content",
    ["no json", "[]", "{}", '{"format": 1, "owner": "other", "version": "1.0"}', '{"format": 2, "owner": "shop"}'],
)
def test_no_snapshot(package: str, content: str) -> None:
    """A file that is none is named."""
    file = write_release("shop", "1.0", package, SNAPSHOT)
    file.write_text(content, "utf-8")

    with pytest.raises(ConfigurationError, match=r"migrations/1\.0\.json of 'shop' is no released snapshot"):
        read_releases("shop", package)
