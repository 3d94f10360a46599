"""Recent records and favourites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from tests.integration.workspace.conftest import Open
from tests.lab import BOB, GUEST, MEI, Sample, sample

from pycrm import CRM, Account, ConfigurationError, NotAllowedError, NotFoundError, Principal, Workspace
from pycrm.workspace import bookmarks

LI = Principal("li", roles={"administrator"})


@pytest.fixture
def crm(crm_url: str, open_crm: Open) -> CRM:
    """A CRM whose clock goes on by a second at each look."""
    seconds = count()
    start = datetime(2026, 3, 1, tzinfo=UTC)
    return open_crm(crm_url, clock=lambda: start + timedelta(seconds=next(seconds)))


def accounts(ws: Workspace, *names: str) -> list[Account]:
    return [ws.create(Account(name=name)) for name in names]


class TestRecent:
    def test_newest_first(self, crm: CRM) -> None:
        """What was looked at last comes first, each record once, in later units too."""
        with crm.acting_as(MEI) as ws:
            one, two = accounts(ws, "one", "two")
            three = ws.create(sample(name="three"))
            for each in (one, two, three, one):
                ws.note_visit(each)
        with crm.reading_as(MEI) as reader:
            assert [each.name for each in reader.recent()] == ["one", "three", "two"]
            assert [each.name for each in reader.recent(Account, limit=1)] == ["one"]
            assert [each.name for each in reader.recent(Sample)] == ["three"]

    def test_own(self, crm: CRM) -> None:
        """Everybody has his own."""
        with crm.acting_as(MEI) as ws:
            (one,) = accounts(ws, "one")
            ws.note_visit(one)
        with crm.reading_as(BOB) as reader:
            assert reader.recent() == ()

    def test_reading_notes_nothing(self, crm: CRM) -> None:
        """Reading a record is no visit, and a visit is no change of it."""
        with crm.acting_as(MEI) as ws:
            (one,) = accounts(ws, "one")
            ws.get(Account, one.id)
            assert ws.recent() == ()

            ws.note_visit(one)
            assert ws.get(Account, one.id).version == 1

    def test_limit(self, crm: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
        """Only the newest are kept."""
        monkeypatch.setattr(bookmarks, "MOST_VISITS", 2)
        with crm.acting_as(MEI) as ws:
            for each in accounts(ws, "one", "two", "three"):
                ws.note_visit(each)
            ws.add_favourite(ws.recent()[1])
            ws.note_visit(ws.create(Account(name="four")))

            assert [each.name for each in ws.recent()] == ["four", "three"]
            assert [each.name for each in ws.favourites()] == ["two"]

    def test_gone(self, crm: CRM) -> None:
        """Records in the bin are left out until they are back; purged ones for good."""
        with crm.acting_as(MEI) as ws:
            one, two = accounts(ws, "one", "two")
            ws.note_visit(one)
            ws.note_visit(two)
            ws.delete(one)
            ws.purge(two)
            assert ws.recent() == ()

            ws.restore(one)
            assert [each.name for each in ws.recent()] == ["one"]
            with pytest.raises(NotFoundError):
                ws.note_visit(two)

    def test_rolled_back(self, crm: CRM) -> None:
        """A visit goes with its unit."""
        with pytest.raises(RuntimeError), crm.acting_as(MEI) as ws:
            ws.note_visit(*accounts(ws, "one"))
            raise RuntimeError
        with crm.reading_as(MEI) as reader:
            assert reader.recent() == ()


class TestRights:
    def test_reading_is_enough(self, crm: CRM) -> None:
        """Who may read may note, without the right to write."""
        with crm.acting_as(MEI) as ws:
            (one,) = accounts(ws, "one")
        plugin = Principal.plugin("lab")
        with crm.acting_as(plugin) as ws:
            ws.note_visit(one)
            ws.add_favourite(one)
            assert (len(ws.recent()), len(ws.favourites())) == (1, 1)

    def test_lost(self, crm: CRM) -> None:
        """Who may not read a record any more does not see it here either, and cannot note it."""
        with crm.acting_as(MEI) as ws:
            (one,) = accounts(ws, "one")
            ws.note_visit(one)
        with crm.acting_as(Principal("mei")) as ws:
            assert ws.recent() == ()
            with pytest.raises(NotAllowedError):
                ws.recent(Account)
            with pytest.raises(NotAllowedError):
                ws.note_visit(one)
        with crm.acting_as(GUEST) as ws, pytest.raises(NotAllowedError):
            ws.add_favourite(one)

    def test_anonymous(self, crm: CRM) -> None:
        """Nobody in particular has none."""
        with crm.reading_as(Principal.anonymous()) as reader:
            for ask in (reader.recent, reader.favourites):
                with pytest.raises(NotAllowedError, match="anonymous"):
                    ask()


class TestFavourites:
    def test_added_and_removed(self, crm: CRM) -> None:
        """Favourites stay until they are removed; adding one again moves it up, removing none is nothing."""
        with crm.acting_as(MEI) as ws:
            one, two = accounts(ws, "one", "two")
            for each in (one, two, one):
                ws.add_favourite(each)
            assert [each.name for each in ws.favourites()] == ["one", "two"]

            ws.remove_favourite(one)
            ws.remove_favourite(one)
            assert [each.name for each in ws.favourites(Account)] == ["two"]

    def test_limit(self, crm: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
        """There are not arbitrarily many; one that is there already may still move up."""
        monkeypatch.setattr(bookmarks, "MOST_FAVOURITES", 2)
        with crm.acting_as(LI) as ws:
            one, two, three = accounts(ws, "one", "two", "three")
            ws.add_favourite(one)
            ws.add_favourite(two)
            with pytest.raises(ConfigurationError, match="has 2 favourites"):
                ws.add_favourite(three)

            ws.add_favourite(one)
            assert [each.name for each in ws.favourites()] == ["one", "two"]
