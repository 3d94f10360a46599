"""Custom fields: defined, changed, retired and revived as data."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from tests.lab import BOB, MEI, Sample, sample

from pycrm import CRM, Account, ConfigurationError, F, UnknownNameError, ValidationError, Workspace, field
from pycrm.errors import NameClashError, QueryError

from .conftest import Open


class TestDefine:
    @pytest.mark.parametrize("name", ["region", "大区", "select", "order", "b2b", "x" * 60])
    def test_names(self, crm: CRM, name: str) -> None:
        """Any identifier names a field, Chinese and words of SQL among them, indexed and unique too."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, name, field.text(indexed=True))
            ws.define_field(Sample, name, field.text(unique=True))
            ws.create(Account(name="x", custom={name: "it's"}))
            ws.create(sample(custom={name: "it's"}))

        with crm.reading_as(MEI) as reader:
            for entity in (Account, Sample):
                found = reader.find(entity, **{f"custom.{name}": "it's"})
                assert found is not None
                assert (found.custom[name], getattr(found.custom, name)) == ("it's", "it's")
                assert reader.aggregate(entity, measures=["count()"], group_by=f"custom.{name}") == [
                    {f"custom.{name}": "it's", "count()": 1}
                ]

    @pytest.mark.parametrize(
        "name",
        [
            "a b",
            "1a",
            "",
            "_x",
            "class",
            "id",
            "custom",
            "version",
            "a'b",
            'a"b',
            "a.b",
            "x; DROP TABLE y",
            "ﬁeld",
            "😀",
        ],
    )
    def test_refused_names(self, ws: Workspace, name: str) -> None:
        """What is no identifier, or taken by every record, is refused with the reason."""
        with pytest.raises(ConfigurationError, match="cannot name a field"):
            ws.define_field(Account, name, field.text())
        assert ws.create(Account(name="x")).version == 1

    def test_same_name_as_own(self, ws: Workspace) -> None:
        """A custom field may be called as an own field is: its path tells them apart."""
        ws.define_field(Account, "industry", field.integer())
        made = ws.create(Account(name="x", industry="textiles", custom={"industry": 5}))

        read = ws.get(Account, made.id)
        assert (read.industry, read.custom.industry) == ("textiles", 5)

    def test_twice(self, ws: Workspace) -> None:
        """A name that is there already is refused, a retired one too."""
        ws.define_field(Account, "region", field.text())
        with pytest.raises(NameClashError, match="there already"):
            ws.define_field(Account, "region", field.integer())
        ws.retire_field(Account, "region")
        with pytest.raises(NameClashError, match="retired; revive it"):
            ws.define_field(Account, "region", field.integer())

    def test_same_stored_name(self, ws: Workspace) -> None:
        """Two fields that would be stored under one name are refused, both named."""
        ws.define_field(Account, "budget", field.money())

        with pytest.raises(NameClashError, match=r"custom\.budget_currency.*custom\.budget "):
            ws.define_field(Account, "budget_currency", field.text())

    def test_too_many(self, crm: CRM) -> None:
        """An entity has at most 500 fields."""
        with crm.acting_as(MEI) as ws:
            known = len(crm.schema.entity("tag").fields)
            rows = [
                crm.entities["custom_field"](entity="tag", name=f"f{number}", kind="text", definition='{"kind":"text"}')
                for number in range(500 - known)
            ]
            ws.create_many(rows)
            with pytest.raises(ConfigurationError, match="would have 501 fields; at most 500 are kept"):
                ws.define_field(crm.entities["tag"], "last_drop", field.text())

    @pytest.mark.parametrize("declared", [field.autonumber("X-{seq}"), "text", int], ids=["autonumber", "str", "int"])
    def test_refused_kinds(self, ws: Workspace, declared: Any) -> None:
        """What cannot be a custom field is refused."""
        with pytest.raises(ConfigurationError):
            ws.define_field(Account, "x", declared)

    def test_callable_default(self, ws: Workspace) -> None:
        """A custom field is data, so its default is a value."""
        with pytest.raises(ConfigurationError, match="give a value, not a function"):
            ws.define_field(Account, "x", field.integer(default=lambda: 5))

    def test_unit_goes_on(self, crm: CRM) -> None:
        """A definition that was refused leaves no trace in the unit that goes on."""
        with crm.acting_as(MEI) as ws:
            with pytest.raises(ConfigurationError):
                ws.define_field(Account, "x", field.ref("nothing"))
            ws.create(Account(name="x"))

        with crm.reading_as(MEI) as reader:
            assert reader.count(Account) == 1
            assert "custom.x" not in crm.schema.entity(Account).fields

    def test_options(self, ws: Workspace) -> None:
        """Options common to all kinds are given beside the kind, or with it."""
        defined = ws.define_field(Account, "x", field.text(help={"en": "Why"}), label={"zh": "叉"}, indexed=True)

        assert (defined.label, defined.help, defined.indexed) == ({"zh": "叉"}, {"en": "Why"}, True)


class TestChange:
    def test_relabel(self, crm: CRM) -> None:
        """Labels change by language; the name, the values and the other languages stay."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.text(), label={"en": "Region", "zh": "大区"})
            made = ws.create(Account(name="x", custom={"region": "east"}))
            ws.relabel_field(Account, "region", label={"en": "Area"}, help={"en": "Where it is"})

        relabelled = crm.schema.entity(Account).fields["custom.region"]
        assert (relabelled.label, relabelled.help) == ({"en": "Area", "zh": "大区"}, {"en": "Where it is"})
        with crm.reading_as(MEI) as reader:
            assert reader.get(Account, made.id).custom.region == "east"

    def test_add_options(self, ws: Workspace) -> None:
        """Options are added behind those that are there."""
        ws.define_field(Account, "region", field.choice(["华东"]))
        ws.add_options(Account, "region", ["华北", "it's"])

        assert ws.create(Account(name="x", custom={"region": "it's"})).custom.region == "it's"

    def test_retired_option(self, crm: CRM) -> None:
        """A retired option stays readable, is not offered, and keeps no other field of its record from changing."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.choice(["east", "west"]))
            ws.define_field(Account, "regions", field.multi_choice(["east", "west"]))
            made = ws.create(Account(name="x", custom={"region": "east", "regions": ["east", "west"]}))
            for name in ("region", "regions"):
                ws.retire_options(Account, name, ["east"])
        with crm.acting_as(MEI) as ws:
            with pytest.raises(ValidationError, match=r"choice\.retired"):
                ws.create(Account(name="y", custom={"region": "east"}))
            read = ws.get(Account, made.id)
            ws.update(read, industry="textiles")
            assert ws.count(Account, where=F.custom.region == "east") == 1

        with crm.reading_as(MEI) as reader:
            read = reader.get(Account, made.id)
        assert (read.industry, read.custom.region, read.custom.regions) == ("textiles", "east", ("east", "west"))

    def test_option_offered_again(self, ws: Workspace) -> None:
        """A retired option that is added again is offered again."""
        ws.define_field(Account, "region", field.choice(["east", "west"]))
        ws.retire_options(Account, "region", ["east"])
        ws.add_options(Account, "region", ["east"])

        assert ws.create(Account(name="x", custom={"region": "east"})).custom.region == "east"

    @pytest.mark.parametrize("call", ["add_options", "retire_options", "relabel_field", "retire_field", "revive_field"])
    def test_unknown_field(self, ws: Workspace, call: str) -> None:
        """A field that is not there is answered with the nearest."""
        ws.define_field(Account, "region", field.choice(["east"]))
        arguments = [["east"]] if call.endswith("options") else []

        with pytest.raises(UnknownNameError, match="did you mean 'region'"):
            getattr(ws, call)(Account, "regoin", *arguments)

    def test_unknown_option(self, ws: Workspace) -> None:
        """So is an option."""
        ws.define_field(Account, "region", field.choice(["east"]))

        with pytest.raises(UnknownNameError, match="did you mean 'east'"):
            ws.retire_options(Account, "region", ["eats"])

    def test_no_options(self, ws: Workspace) -> None:
        """Only choices have options."""
        ws.define_field(Account, "region", field.text())

        with pytest.raises(ConfigurationError, match="has no options"):
            ws.add_options(Account, "region", ["east"])


class TestRetire:
    def test_values_stay(self, crm: CRM) -> None:
        """A retired field keeps its values readable and takes no new one; its record stays writable."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.text(indexed=True))
            made = ws.create(Account(name="x", custom={"region": "east"}))
            ws.retire_field(Account, "region")
        with crm.acting_as(MEI) as ws:
            read = ws.get(Account, made.id)
            with pytest.raises(ValidationError, match=r"field\.retired"):
                ws.update(read, **{"custom.region": "west"})
            with pytest.raises(ValidationError, match=r"field\.retired"):
                ws.create(Account(name="y", custom={"region": "west"}))
            ws.update(read, industry="textiles")

        with crm.reading_as(MEI) as reader:
            read = reader.get(Account, made.id)
        assert (read.industry, read.custom.region) == ("textiles", "east")

    def test_default_not_given(self, ws: Workspace) -> None:
        """A retired field gives no default any more."""
        ws.define_field(Account, "score", field.integer(default=5))
        ws.retire_field(Account, "score")

        assert ws.create(Account(name="x")).custom.score is None

    def test_revived(self, crm: CRM) -> None:
        """A revived field is as it was: values, index, uniqueness."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "vat", field.text(unique=True))
            ws.create(Account(name="x", custom={"vat": "DE1"}))
            ws.retire_field(Account, "vat")
            ws.revive_field(Account, "vat")
        with crm.acting_as(BOB) as ws:
            with pytest.raises(ValidationError, match=r"field\.not_unique"):
                ws.create(Account(name="y", custom={"vat": "DE1"}))
            assert ws.create(Account(name="y", custom={"vat": "DE2"})).custom.vat == "DE2"

    def test_retired_stays_retired(self, ws: Workspace) -> None:
        """Relabelling a retired field does not revive it."""
        ws.define_field(Account, "region", field.text())
        ws.retire_field(Account, "region")

        assert ws.relabel_field(Account, "region", label={"en": "Area"}).retired


class TestSeenByOthers:
    def test_other_crm(self, crm: CRM, crm_url: str, open_crm: Open) -> None:
        """Another CRM on the same database sees every change at its next unit, whatever that unit does first."""
        other = open_crm(crm_url)
        with other.reading_as(MEI) as reader:
            assert reader.count(Account) == 0
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.choice(["east"]))
        with other.acting_as(BOB) as ws:
            made = ws.create(Account(name="x", custom={"region": "east"}))
        with crm.acting_as(MEI) as ws:
            ws.add_options(Account, "region", ["west"])
        with other.reading_as(BOB) as reader:
            assert reader.count(Account, where=F.custom.region == "west") == 0
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "score", field.integer())
            ws.update(ws.get(Account, made.id), **{"custom.score": 5})
        with other.reading_as(BOB) as reader:
            assert reader.get(Account, made.id).custom.score == 5
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "rank", field.integer())
        with other.reading_as(BOB) as reader:
            assert reader.aggregate(Account, measures=["sum(custom.rank)"])[0]["sum(custom.rank)"] == 0
        with crm.acting_as(MEI) as ws:
            ws.retire_field(Account, "score")
        with other.acting_as(BOB) as ws, pytest.raises(ValidationError, match=r"field\.retired"):
            ws.update(ws.get(Account, made.id), **{"custom.score": 6})

    def test_inside_running_unit(self, crm: CRM, crm_url: str, open_crm: Open) -> None:
        """A unit that has only read before learns of a change when it begins to write."""
        other = open_crm(crm_url)
        with other.acting_as(BOB) as ws:
            assert ws.count(Account) == 0
            with crm.acting_as(MEI) as first:
                first.define_field(Account, "region", field.text())
            assert ws.create(Account(name="x", custom={"region": "east"})).custom.region == "east"

    def test_other_process(self, crm: CRM, crm_url: str) -> None:
        """A process that was running before the definition uses the field in its next unit."""
        program = f"""
import sys
from pycrm import CRM, Account, Principal
from tests.lab import lab
crm = CRM({crm_url!r}, plugins=[lab])
who = Principal("there", roles={{"administrator"}})
with crm.reading_as(who) as reader:
    reader.count(Account)
print("ready", flush=True)
sys.stdin.readline()
with crm.acting_as(who) as ws:
    ws.create(Account(name="there", custom={{"大区": "华东"}}))
"""
        command = [sys.executable, "-c", program]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            with crm.acting_as(MEI) as ws:
                ws.define_field(Account, "大区", field.choice(["华东"]), indexed=True)
            process.communicate("go\n", timeout=60)

        assert process.returncode == 0
        with crm.reading_as(MEI) as reader:
            found = reader.find(Account, **{"custom.大区": "华东"})
            assert found is not None
            assert found.name == "there"

    def test_unfinished(self, crm: CRM) -> None:
        """A definition that is rolled back was never there."""
        with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.text(indexed=True))
            raise ZeroDivisionError

        with crm.acting_as(MEI) as ws:
            with pytest.raises((UnknownNameError, QueryError)):
                ws.count(Account, where=F.custom.region == "x")
            ws.define_field(Account, "region", field.integer(indexed=True))
