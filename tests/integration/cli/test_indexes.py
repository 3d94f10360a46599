"""``indexes define``, ``list`` and ``drop``: indexes over several fields from the command line."""

from __future__ import annotations

from tests.integration.cli.conftest import Run


def test_life_of_an_index(pycrm: Run) -> None:
    """It is defined, listed and dropped; a second definition and an unknown field are refused with the cure."""
    defined = pycrm("indexes", "define", "account", "level, name desc")
    twice = pycrm("indexes", "define", "account", "level, name DESC")
    unknown = pycrm("indexes", "define", "account", "levle")
    listed = pycrm("indexes", "list", "account")
    documents = pycrm("indexes", "list", "account", "--json").data
    pending = pycrm("indexes")
    dropped = pycrm("--json", "indexes", "drop", "account", "level, name DESC").data

    assert defined.out == "defined account: level, name DESC\n"
    assert twice.code != 0
    assert "has the index 'level, name DESC' already" in twice.err
    assert "no field 'levle'" in unknown.err
    assert listed.lines[-1].split() == ["account", "level,", "name", "DESC", "custom"]
    assert documents == [{"entity": "account", "keys": "level, name DESC", "owner": "custom"}]
    assert pending.out == "no index is pending\n"
    assert dropped == documents[0]
    assert pycrm("indexes", "list", "account", "--json").data == []


def test_index_at_rest(pycrm: Run) -> None:
    """One over a retired field is listed as such."""
    pycrm("fields", "define", "account", "region", "text")
    pycrm("indexes", "define", "account", "custom.region, name")
    pycrm("fields", "retire", "account", "region")

    assert pycrm("indexes", "list", "account").lines[-1].endswith("at rest")
