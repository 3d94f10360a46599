"""``search``."""

from __future__ import annotations

from tests.integration.cli.conftest import Run

from pycrm import CRM, Account, Principal


def two_accounts(pycrm: Run) -> None:
    pycrm("create", "account", "name=青岛海晨贸易有限公司", "phone=+86 138 1234 5678")
    pycrm("create", "account", "name=Müller GmbH")


def test_found(pycrm: Run) -> None:
    """Hits are told with what they are, their title, and the field that they were found in."""
    two_accounts(pycrm)

    by_name, by_phone = pycrm("search", "海晨"), pycrm("search", "5678")
    assert by_name.lines[2].split()[:3] == ["Account", "青岛海晨贸易有限公司", "Name"]
    assert "Phone: +8613812345678" in by_phone.lines[2]


def test_words(pycrm: Run) -> None:
    """Several words need no quotation marks; where no record holds all of them, it says so."""
    two_accounts(pycrm)

    assert len(pycrm("search", "海晨", "138").lines) == 3
    assert pycrm("search", "海晨", "gmbh").lines[-1].startswith("no record holds all of these words")
    assert pycrm("search", "nobody").out == "nothing was found\n"


def test_json(pycrm: Run) -> None:
    """As JSON, of one entity and with a limit."""
    two_accounts(pycrm)
    pycrm("create", "contact", "name=海晨")

    document = pycrm("search", "海晨", "--entity", "account", "--limit", "1", "--json").data
    assert [(hit["entity"], hit["title"], hit["field"]) for hit in document["hits"]] == [
        ("account", "青岛海晨贸易有限公司", "name")
    ]
    assert (document["all_terms"], document["is_capped"], document["waiting"]) == (True, False, 0)


def test_unknown_entity(pycrm: Run) -> None:
    """An entity that is not there is an error."""
    assert pycrm("search", "x", "--entity", "acount").code == 2


def test_waiting(pycrm: Run) -> None:
    """What a large batch left waiting is told, and indexed by `index`."""
    two_accounts(pycrm)
    crm = CRM("sqlite:///crm.db", index_waiting="later")
    with crm.acting_as(Principal("mei", roles={"administrator"})) as ws:
        ws.create_many([Account(name=f"海晨 {number}") for number in range(1_001)])
    crm.close()

    assert pycrm("search", "海晨").lines[-1] == "waiting to be indexed: 1,001; `pycrm search index` does it"
    assert pycrm("search", "index").out == "indexed: 1,001\n"
    assert pycrm("search", "海晨 1000").lines[2].split()[:3] == ["Account", "海晨", "1000"]


def test_rebuild(pycrm: Run) -> None:
    """The whole index is made anew, the user of the command line in it."""
    two_accounts(pycrm)

    assert pycrm("search", "rebuild", "--json").data["indexed"] >= 3
    assert len(pycrm("search", "海晨").lines) == 3
