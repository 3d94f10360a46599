"""What a newer declaration lacks is parked: nothing is lost, nothing of it is offered, and it can come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pycrm import CRM, Account, F, UpgradeRefusedError, User, ValidationError, field
from pycrm.plugin import Plugin

from .conftest import MEI, Release

Upgrade = Callable[..., tuple[CRM, list[str]]]


class TestFields:
    @pytest.fixture
    def made(self, upgrade: Upgrade) -> dict[str, Any]:
        """Records of a release with fields that the next one, which has been migrated, lacks."""
        crm, _ = upgrade(
            shelf={
                "colour": field.text(unique=True),
                "account": field.ref(Account, many="shelves"),
                "watchers": field.refs(User),
            },
            terms={"place": field.text(indexed=True), "mates": field.refs(User)},
        )
        with crm.acting_as(MEI) as ws:
            account = ws.create(Account(name="a"))
            me = ws.find(User, key="mei")
            ws.update(account, **{"depot.place": "hall", "depot.mates": [me]})
            values = {"colour": "red", "account": account, "watchers": [me]}
            shelf = ws.create(crm.entities["depot.shelf"](name="s", **values))
        crm, done = upgrade(version="1.1", shelf={})
        return {"crm": crm, "done": done, "account": account.id, "shelf": shelf.id, "me": me.id if me else None}

    def test_not_offered(self, made: dict[str, Any]) -> None:
        """They are told of; own fields are gone from the schema, added ones can be read and not be written."""
        crm: CRM = made["crm"]

        parked = [*(f"depot.shelf.{name}" for name in ("account", "colour", "watchers")), "account.depot.mates"]
        told = [f"  {path}: parked; its values are kept" for path in [*parked, "account.depot.place"]]
        assert sorted(made["done"][1:]) == sorted(told)
        assert crm.migrate() == []
        assert crm.parked == {}
        assert set(crm.schema.entity("depot.shelf").fields) & {"colour", "account", "watchers"} == set()
        with crm.acting_as(MEI) as ws:
            account = ws.get(Account, made["account"])
            assert account.document_values() == {"depot.place": "hall", "depot.mates": (made["me"],)}
            assert ws.count(Account, where=F["depot.place"] == "hall") == 1
            with pytest.raises(ValidationError, match=r"field\.parked"):
                ws.update(account, **{"depot.place": "x"})

    def test_hold_nobody(self, made: dict[str, Any], index_names: Callable[[], set[str]]) -> None:
        """They keep no record from being purged, and no index alive."""
        crm: CRM = made["crm"]
        with crm.acting_as(MEI) as ws:
            ws.purge(ws.get(Account, made["account"]))
            assert ws.find(Account, name="a") is None

        assert not {name for name in index_names() if "colour" in name or "place" in name}

    def test_back_again(self, made: dict[str, Any], upgrade: Upgrade, index_names: Callable[[], set[str]]) -> None:
        """Declared again they have their values, indexes and rules."""
        crm, done = upgrade(
            version="1.2",
            shelf={
                "colour": field.text(unique=True, max_length=1000),
                "account": field.ref(Account, many="shelves"),
                "watchers": field.refs(User),
            },
            terms={"place": field.text(indexed=True)},
        )

        assert "  depot.shelf.colour: back again, with the values that it had" in done
        with crm.acting_as(MEI) as ws:
            shelf: Any = ws.get(crm.entities["depot.shelf"], made["shelf"])
            assert (shelf.colour, shelf.account.id) == ("red", made["account"])
            assert [each.id for each in shelf.watchers] == [made["me"]]
            with pytest.raises(ValidationError, match=r"field\.not_unique"), ws.savepoint():
                ws.create(crm.entities["depot.shelf"](name="new", colour="red"))
            with pytest.raises(ValidationError, match=r"referred to by 1 depot\.shelf\.account"):
                ws.purge(ws.get(Account, made["account"]))
        assert {"crm_depot_shelf_colour_key", "crm_account_depot_place_doc_idx"} <= index_names()

    def test_back_with_what_no_longer_fits(self, made: dict[str, Any], upgrade: Upgrade) -> None:
        """What has become of the values meanwhile is asked before they come back."""
        crm: CRM = made["crm"]
        with crm.acting_as(MEI) as ws:
            ws.purge(ws.get(Account, made["account"]))

        with pytest.raises(UpgradeRefusedError, match=rf"depot\.shelf\.account: .* {made['account']}"):
            upgrade(version="1.2", shelf={"account": field.ref(Account, many="shelves")})

    @pytest.mark.parametrize(
        ("declared", "told"),
        [
            ({"colour": field.integer()}, "depot.shelf.colour: text becomes integer"),
            ({"colour": field.text(was="size")}, "a parked field has that name; choose another one"),
        ],
        ids=["other kind", "renamed to it"],
    )
    def test_name_is_taken(self, upgrade: Upgrade, declared: dict[str, Any], told: str) -> None:
        """Their names are not free for anything else."""
        upgrade(shelf={"colour": field.text(), "size": field.text()})
        upgrade(version="1.1", shelf={"size": field.text()})

        with pytest.raises(UpgradeRefusedError, match=told):
            upgrade(version="1.2", shelf=declared)

    def test_stored_name_is_taken(self, upgrade: Upgrade) -> None:
        """Nor is what their parts are stored under."""
        upgrade(shelf={"amount": field.money()})
        upgrade(version="1.1", shelf={})

        told = r"amount_currency: would be stored where the parked field amount keeps its values"
        with pytest.raises(UpgradeRefusedError, match=told):
            upgrade(version="1.2", shelf={"amount_currency": field.text()})


class TestEntities:
    def test_parked_and_back(self, release: Release, upgrade: Upgrade) -> None:
        """Its records are read, referred to and kept, as those of a missing plugin; and are whole when it is back."""
        fields = {"account": field.ref(Account, many="bins"), "code": field.text(unique=True)}
        crm, _ = upgrade(shelf={}, Bin=fields)
        with crm.acting_as(MEI) as ws:
            account = ws.create(Account(name="a"))
            made = ws.create(crm.entities["depot.bin"](name="b", account=account, code="1"))

        crm, done = upgrade(version="1.1", shelf={"account": field.ref(Account, many="bins")})
        assert done == [
            "upgraded depot from 1.0 to 1.1",
            "  depot.shelf.account: added",
            "  depot.bin: parked; its records are kept",
        ]
        assert crm.schema.entity("depot.bin").parked
        with crm.acting_as(MEI) as ws:
            assert ws.get(crm.entities["depot.bin"], made.id, include="account").account.record.name == "a"  # type: ignore[attr-defined]
            with pytest.raises(ValidationError, match=r"referred to by 1 depot\.bin\.account \(parked"):
                ws.purge(ws.get(Account, account.id))
            ws.create(crm.entities["depot.shelf"](name="s", account=account))
            assert crm.schema.entity("account").back["depot.bins"].entity == "depot.shelf"

        crm, done = upgrade(version="1.2", shelf={}, Bin={**fields, "colour": field.text()})
        assert "  depot.bin: back again, with the records that it had" in done
        with crm.acting_as(MEI) as ws:
            ws.update(ws.get(crm.entities["depot.bin"], made.id), colour="red")

    def test_owner_gone_too(self, release: Release, upgrade: Upgrade) -> None:
        """With the plugin's code gone as well, everything that it ever had is kept."""
        crm, _ = upgrade(shelf={"colour": field.text()}, Bin={})
        with crm.acting_as(MEI) as ws:
            ws.create(crm.entities["depot.shelf"](name="s", colour="red"))
            ws.create(crm.entities["depot.bin"](name="b"))
        upgrade(version="1.1", shelf={})

        bare = release(Plugin("nothing"))
        assert bare.migrate(backup=False) == ["installed nothing 0: no entities of its own"]
        assert dict(bare.parked) == {"depot": "1.1"}
        with bare.reading_as(MEI) as ws:
            assert (ws.count("depot.shelf"), ws.count("depot.bin")) == (1, 1)
        crm, _ = upgrade(version="1.2", shelf={"colour": field.text()}, Bin={})
        with crm.reading_as(MEI) as ws:
            assert ws.list(crm.entities["depot.shelf"])[0].colour == "red"  # type: ignore[attr-defined]
