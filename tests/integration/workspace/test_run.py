"""`crm.run`: work that is repeated when others got in its way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import DATABASES
from tests.lab import BOB, MEI, Sample, sample

from pycrm import CRM, ConfigurationError, ConflictError, F, NotFoundError, ValidationError, Workspace
from pycrm.signals import RecordsUpdated
from reliability.check_concurrency import no_lost_update, no_write_skew


class TestRun:
    def test_returns(self, crm: CRM) -> None:
        """What the work returns comes back, and what it wrote is kept."""
        made = crm.run(MEI, lambda ws: ws.create(sample(code="x")))

        assert made.version == 1
        assert crm.run(MEI, lambda ws: ws.count(Sample)) == 1

    def test_repeats_on_conflict(self, crm: CRM) -> None:
        """A conflict makes it run again, on what is stored by then."""
        made = crm.run(MEI, lambda ws: ws.create(sample(count=1)))
        tries = []

        def work(ws: Workspace) -> int:
            tries.append(1)
            if len(tries) < 3:
                raise ConflictError("somebody was faster")
            return ws.update(ws.get(Sample, made.id), count=5).version

        assert (crm.run(MEI, work), len(tries)) == (2, 3)

    def test_gives_up(self, crm: CRM) -> None:
        """After its attempts the last conflict comes out, and nothing is kept."""
        tries = []

        def work(ws: Workspace) -> None:
            tries.append(ws.create(sample()))
            raise ConflictError("again")

        with pytest.raises(ConflictError, match="again"):
            crm.run(MEI, work, attempts=2)
        assert len(tries) == 2
        assert crm.run(MEI, lambda ws: ws.count(Sample)) == 0

    @pytest.mark.parametrize("error", [ConflictError("no", retryable=False), NotFoundError("no"), ZeroDivisionError()])
    def test_other_errors(self, crm: CRM, error: Exception) -> None:
        """Other errors come out at once."""
        tries = []

        def work(ws: Workspace) -> None:
            tries.append(1)
            raise error

        with pytest.raises(type(error)):
            crm.run(MEI, work)
        assert len(tries) == 1

    def test_no_attempt(self, crm: CRM) -> None:
        """Work is tried at least once."""
        with pytest.raises(ConfigurationError, match="at least once"):
            crm.run(MEI, lambda ws: None, attempts=0)

    def test_signals_once(self, crm: CRM) -> None:
        """Facts of attempts that failed are not told."""
        made = crm.run(MEI, lambda ws: ws.create(sample(count=1)))
        told: list[Any] = []
        crm.on(RecordsUpdated, told.extend)
        tries = []

        def work(ws: Workspace) -> None:
            tries.append(1)
            ws.update(ws.get(Sample, made.id), count=len(tries) + 1)
            if len(tries) < 3:
                raise ConflictError("again")

        crm.run(MEI, work)
        assert len(told) == 1

    def test_problems_come_out(self, crm: CRM) -> None:
        """A record with problems is no reason to try again."""
        with pytest.raises(ValidationError):
            crm.run(MEI, lambda ws: ws.create(sample(count="x")))


class TestAsync:
    def test_result(self, crm: CRM) -> None:
        """`run_async` gives the same from within an event loop."""

        async def work() -> Sample:
            return await crm.run_async(MEI, lambda ws: ws.create(sample(code="x")))

        assert asyncio.run(work()).version == 1

    def test_together(self, crm: CRM) -> None:
        """Several at once neither block the loop nor lose each other's work."""
        made = crm.run(MEI, lambda ws: ws.create(sample(count=0)))

        def increment(ws: Workspace) -> None:
            mine = ws.get(Sample, made.id)
            ws.update(mine, count=mine.count + 1)  # type: ignore[operator]

        async def work() -> None:
            await asyncio.gather(*(crm.run_async(who, increment, attempts=50) for who in (MEI, BOB) for _ in range(5)))

        asyncio.run(work())
        assert crm.run(MEI, lambda ws: ws.list(Sample, where=F.id == made.id)[0].count) == 10


@pytest.mark.parametrize("engine", DATABASES)
class TestProcesses:
    def test_no_lost_update(self, engine: str, new_database: Callable[[str], str]) -> None:
        """Of the increments of four processes none is lost: repeated by `run`, by hand, or behind a lock."""
        figure = no_lost_update(lambda: new_database(engine), 1, processes=4, times=25)

        assert figure["passed"], figure

    def test_no_write_skew(self, engine: str, new_database: Callable[[str], str]) -> None:
        """Two units that each rely on what the other changes do not both succeed."""
        figure = no_write_skew(lambda: new_database(engine), 1, trials=5)

        assert figure["passed"], figure
