"""A plugin written outside, with every seam in use, does what its author meant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from pycrm import CRM, Account, Contact, Json, NotAllowedError, Principal, Quantity, Task, ValidationError

OUTSIDE = Path(__file__).resolve().parents[1] / "outside_plugin"
Make = Callable[..., CRM]


@pytest.fixture
def samples(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The plugin's package."""
    monkeypatch.syspath_prepend(OUTSIDE)
    import trade_samples

    return trade_samples


def test_whole_story(crm_with: Make, mei: Principal, samples: ModuleType, database_url: str) -> None:
    """A sample is asked for, sent, approved; the account knows how many there were."""
    crm = crm_with(samples.plugin, url=database_url)
    with crm.acting_as(mei) as ws:
        assert [task.subject for task in ws.list(Task)] == ["set how many samples are free"]
        account, wu = ws.create(Account(name="a")), ws.create(Contact(name="吴芳"))
        sample = ws.create(samples.Sample(account=account, asked_by=wu, shown_to=[wu]))
        assert sample.number == f"SMP-{ws.now().year}-0001"
        ws.move(sample, "send", courier="SF")
        assert sample.sent_on == ws.now().date()
        ws.move(sample, "approve")

        task = ws.run(samples.remind(sample, days=5))
        assert (task.subject, task.about.id) == (f"ask about {sample.number}", sample.id)
        assert task.due_at - ws.now() < timedelta(days=5)
        assert len(ws.run(samples.resend(sample, 2))) == 2
    with crm.acting_as(mei) as ws:
        stored = ws.get(Account, account.id, include="samples.samples")
        assert stored[samples.SampleTerms].asked_count == 3
        assert len(stored.related("samples.samples")) == 3


def test_rule_is_kept(crm_with: Make, mei: Principal, samples: ModuleType) -> None:
    """Its check speaks through the door like the kernel's own rules, in both languages."""
    crm = crm_with(samples.plugin)
    with crm.acting_as(mei) as ws:
        account = Account(name="a")
        account[samples.SampleTerms].free_samples = 1
        ws.create(account)
        ws.create(samples.Sample(account=account.id))
        with pytest.raises(ValidationError, match="has had its 1 free samples") as caught:
            ws.create(samples.Sample(account=account.id))

        (problem,) = caught.value.problems
        assert crm.labels.problem(problem, "zh") == "已用完 1 个免费样品；请先提高免费样品数"


def test_action_asks_for_its_right(crm_with: Make, mei: Principal, samples: ModuleType) -> None:
    """Somebody without rights runs no action."""
    crm = crm_with(samples.plugin)
    with crm.acting_as(mei) as ws:
        sample = ws.create(samples.Sample(account=ws.create(Account(name="a"))))

    with (
        crm.acting_as(Principal("guest")) as ws,
        pytest.raises(NotAllowedError, match=r"may not create samples\.sample"),
    ):
        ws.run(samples.resend(sample))


def test_every_kind_of_field(crm_with: Make, mei: Principal, database_url: str, samples: ModuleType) -> None:
    """An entity may have a field of every kind there is, and of a kind that its own plugin derives."""
    import catalogue

    crm = crm_with(catalogue.plugin, url=database_url)
    entity = crm.schema.entity(catalogue.Entry)
    texts = {"phone": "138 1234 5678", "weight": "2.5 t", "lasts": "1h 30m", "card": "4111 1111 1111 1111"}
    with crm.acting_as(mei) as ws:
        made = ws.create(catalogue.Entry(title="青岛", gln="4012345000009", extra={"a": [1]}, **texts))
    with crm.reading_as(mei) as reader:
        read = reader.get(catalogue.Entry, made.id)

    assert {field.kind.name for field in entity.own_fields} >= crm.schema.kinds.keys() - {"id"}
    assert (read.number, read.weight, read.lasts) == ("E-1", Quantity("2.5", "t"), timedelta(minutes=90))
    assert (read.extra, read.card) == (Json({"a": [1]}), "4111111111111111")
    assert "4111111111111111" not in repr(read)
