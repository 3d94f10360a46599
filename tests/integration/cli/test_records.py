"""``list``, ``show``, ``create``, ``update``."""

from __future__ import annotations

import json

import pytest
from tests.integration.cli.conftest import Run

from pycrm import CRM, Account, Principal, field
from pycrm.cli.table import width

MEI = Principal("mei", roles={"administrator"})


def define(url: str) -> None:
    """Define a custom field with a Chinese name."""
    crm = CRM(url)
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "大区", field.choice(["华东", "华北"]), label={"en": "Region", "zh": "大区"})
    crm.close()


def test_story_of_one_account(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Created, found, changed, moved: the same on both databases."""
    monkeypatch.setenv("PYCRM_URL", database_url)
    run("migrate")
    define(database_url)

    created = run(
        "create", "account", "name=青岛海晨贸易有限公司", "country=CN", "custom.大区=华东", "roles=customer,agent"
    )
    run(
        "create", "account", "name=Müller GmbH", "country=DE", "parent=青岛海晨贸易有限公司", "annual_revenue=EUR 12.50"
    )
    updated = run("update", "account", "ACC-000001", "industry=textiles", "tags=vip,oem", "custom.大区=华北")
    moved = run("update", "account", "ACC-000001", "status=dormant")
    listed = run("list", "account", "--where", "parent.custom.大区=华北", "--columns", "name,parent,parent.country")
    shown = run("show", "account", "青岛海晨贸易有限公司", "--json")

    assert created.out.startswith("created account ACC-000001 青岛海晨贸易有限公司 (")
    assert (updated.code, moved.code) == (0, 0)
    assert listed.lines[2].split() == ["Müller", "GmbH", "青岛海晨贸易有限公司", "CN"]
    document = shown.data
    assert document["status"] == "dormant"
    assert document["custom.大区"] == "华北"
    assert document["tags"] == ["oem", "vip"]
    assert document["version"] == 3


def test_columns_line_up_in_chinese(pycrm: Run) -> None:
    """Labels and values of double width keep the columns in place."""
    pycrm("create", "account", "name=青岛海晨贸易有限公司", "country=CN")
    pycrm("create", "account", "name=Müller GmbH", "country=DE")

    lines = pycrm("list", "account", "--columns", "name,country,status", "--language", "zh").lines

    head, rule, first, second = lines[:4]
    assert head.split() == ["客户名称", "国家/地区", "状态"]
    starts = [width(line[: line.index(word)]) for line, word in ((head, "国"), (first, "CN"), (second, "DE"))]
    assert starts == [rule.index("  ") + 2] * 3
    assert "活跃" in first or "Active" not in first


def test_global_options_stand_on_both_sides(pycrm: Run) -> None:
    """Before the command and after it, they mean the same."""
    pycrm("create", "account", "name=a")

    assert pycrm("--json", "list", "account").data == pycrm("list", "account", "--json").data


def test_list_pages(pycrm: Run) -> None:
    """The cursor of one page leads to the next."""
    pycrm("create", "account", "-", stdin=json.dumps([{"name": f"account {number}"} for number in range(5)]))

    first = pycrm("list", "account", "--order-by", "name DESC", "--limit", "3", "--columns", "name")
    cursor = first.lines[-1].removeprefix("more: --after ")
    second = pycrm("list", "account", "--order-by", "name DESC", "--limit", "3", "--columns", "name", "--after", cursor)

    assert first.lines[2:6] == ["account 4", "account 3", "account 2", "3 of 5 accounts"]
    assert second.lines[2:] == ["account 1", "account 0", "2 of 5 accounts"]


def test_list_shows_all_fields(pycrm: Run) -> None:
    """``--all-fields`` leaves nothing out."""
    pycrm("create", "account", "name=a")

    head = pycrm("list", "account", "--all-fields").lines[0]

    assert all(label in head for label in ("Tax number", "Version", "Deleted at"))


def test_show_tells_moves(pycrm: Run) -> None:
    """What may be done next is named by the words that `update` takes."""
    pycrm("create", "account", "name=a")

    english, chinese = (pycrm("show", "account", "a", "--language", each).lines[-1] for each in ("en", "zh"))

    assert english == "moves: deactivate, block"
    assert chinese.startswith("可用操作：deactivate (")


def test_long_text_keeps_its_lines(pycrm: Run) -> None:
    """A value of several lines stays in its column."""
    pycrm("create", "account", "name=a", "description=one\n\x1b[2Jtwo")

    lines = pycrm("show", "account", "a").lines

    at = next(number for number, line in enumerate(lines) if line.startswith("Description"))
    assert lines[at].endswith("one")
    assert lines[at + 1].strip() == r"\x1b[2Jtwo"


def test_shown_document_comes_back(pycrm: Run) -> None:
    """What ``show --json`` printed is taken as it is, and changed where it was changed."""
    pycrm("create", "account", "name=a", "annual_revenue=USD 12.50", "roles=agent", "birth_on=2026-01-02")
    document = pycrm("show", "account", "a", "--json").data

    same = pycrm("update", "account", "a", "-", stdin=json.dumps(document))
    other = pycrm("update", "account", "a", "-", "industry=toys", stdin=json.dumps(document | {"country": "DE"}))

    assert same.out.startswith("unchanged: account ACC-000001")
    assert other.code == 0
    after = pycrm("show", "account", "a", "--json").data
    assert (after["country"], after["industry"], after["version"]) == ("DE", "toys", 2)


def test_stale_document_is_conflict(pycrm: Run) -> None:
    """A document of an older version changes no field that others changed since."""
    pycrm("create", "account", "name=a", "country=CN")
    document = pycrm("show", "account", "a", "--json").data
    pycrm("update", "account", "a", "country=DE")

    done = pycrm("update", "account", "a", "-", stdin=json.dumps(document | {"country": "US"}))

    assert done.code == 5
    assert "'DE'" in done.err
    assert "'US'" in done.err


def test_version_option_guards(pycrm: Run) -> None:
    """``--version`` says what the user has seen."""
    pycrm("create", "account", "name=a")
    pycrm("update", "account", "a", "country=DE")

    overlapping = pycrm("update", "account", "a", "country=US", "--version", "1")
    apart = pycrm("update", "account", "a", "industry=toys", "--version", "1")

    assert (overlapping.code, apart.code) == (5, 0)


def test_empty_value_clears(pycrm: Run) -> None:
    """Of a text the empty text is a value; JSON's null clears anything."""
    pycrm("create", "account", "name=a", "level=A", "industry=x", "country=DE")

    pycrm("update", "account", "a", "level=", "industry=", "country:=null")

    after = pycrm("show", "account", "a", "--json").data
    assert (after["level"], after["industry"], after["country"]) == (None, "", None)


def test_about_takes_any_entity(pycrm: Run) -> None:
    """A reference to any record names the entity first."""
    pycrm("create", "account", "name=Müller GmbH")

    pycrm("create", "task", "subject=Call", "about=account:ACC-000001", "due_at=2026-03-02T08:00:00+08:00")

    assert pycrm("list", "task", "--columns", "about,due_at").lines[2].split("  ")[0] == "Müller GmbH"


def test_create_many_is_one_batch(pycrm: Run) -> None:
    """One bad record, and none is written; the JSON answer is a list like the question."""
    bad = pycrm("create", "product", "-", stdin='[{"code": "A", "name": "a"}, {"code": "A", "name": "b"}]')
    good = pycrm("create", "product", "-", "--json", stdin='[{"code": "A", "name": "a"}, {"code": "B", "name": "b"}]')

    assert bad.code == 4
    assert [record["code"] for record in good.data] == ["A", "B"]


def test_filters_of_the_language(pycrm: Run) -> None:
    """``list`` and ``count`` take whole filters, as often as is wanted, and point at what is wrong."""
    for name, country, revenue in (("海晨", "CN", "USD 5000"), ("Muster", "DE", "EUR 9000"), ("Acme", "US", "")):
        pycrm("create", "account", f"name={name}", f"country={country}", f"annual_revenue={revenue}", "tags=a")
    where = "country IN ('CN', 'DE') AND NOT annual_revenue > EUR 1000"

    listed = pycrm(
        "list", "account", "--where", where, "--where", "tags HAS 'a'", "--order", "name", "--columns", "name"
    )
    counted = pycrm("count", "account", "--where", "created_at = TODAY AND annual_revenue IS NULL")
    wrong = pycrm("count", "account", "--where", "name = '海晨' AND contry = 'CN'")

    assert listed.lines[2:] == ["海晨", "1 of 1 accounts"]
    assert counted.out == "1\n"
    assert pycrm("count", "account").out == "3\n"
    assert pycrm("count", "account", "--where", "country=DE", "--json").data == {"entity": "account", "count": 1}
    assert wrong.err.endswith("\n  name = '海晨' AND contry = 'CN'\n                    ^\n")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("list acount", 2, "did you mean 'account'"),
        ("list account --where contry=DE", 2, "did you mean 'country'"),
        ("list account --where country~DE", 2, "expected a comparison"),
        ("count account --where contry=DE", 2, "did you mean 'country'"),
        ("list account --order-by nam", 2, "did you mean 'name'"),
        ("list account --limit 0", 2, "--limit"),
        ("list account --after nonsense", 2, ""),
        ("list account --columns name,x", 2, "no field 'x'"),
        ("list account --where level=Z", 2, "is none of"),
        ("show account nobody", 3, "no account 'nobody'"),
        ("show account 01890000-0000-7000-8000-000000000001", 3, "no account with id"),
        ("show account twin", 2, "use an id"),
        ("create account level=Z annual_revenue=12", 4, "account.level: is none of"),
        ("create account country=DE", 4, "account.name: is required"),
        ("create account name=x version=3", 4, "kept by pycrm"),
        ("create account nme=x", 4, "did you mean 'name'"),
        ("create account name", 2, "field=value"),
        ("create account parent=nobody name=x", 4, "no account 'nobody'"),
        ("create account parent=twin name=x", 4, "use an id"),
        ("create account name=x tags:=[", 2, "no JSON"),
        ("update account one status=active", 0, ""),
        ("update account one status=gone", 4, "is none of the states"),
        ("update account one", 2, "nothing to update"),
        ("update account one nme=x", 4, "did you mean 'name'"),
        ("update account nobody name=x", 3, "nobody"),
        ("nonsense", 2, "No such command"),
        ("list", 2, "Missing argument"),
        ("--language fr list account", 2, "fr"),
    ],
)
def test_slips_are_told(three: Run, words: str, code: int, told: str) -> None:
    """Each slip has its exit code and a sentence; nothing goes to standard output, and no traceback anywhere."""
    done = three(*words.split(" "))

    assert done.code == code
    if code:
        assert done.out == ""
        assert "error: " in done.err
    assert told in done.err
    assert "Traceback" not in done.err


def test_refused_move_lists_allowed(pycrm: Run) -> None:
    """What is allowed instead is part of the sentence."""
    pycrm("create", "account", "name=a")
    pycrm("update", "account", "a", "status=blocked")

    done = pycrm("update", "account", "a", "status=dormant")

    assert done.code == 4
    assert "no move from blocked to dormant; allowed: reactivate" in done.err


@pytest.mark.parametrize("stdin", ["3", '"x"', "[1]", "", "{", b"\xff"])
def test_bad_standard_input_is_told(pycrm: Run, stdin: str | bytes) -> None:
    """Whatever comes in, a sentence comes out."""
    done = pycrm("create", "account", "-", stdin=stdin)

    assert done.code == 2
    assert "standard input" in done.err


@pytest.mark.parametrize("name", [r"\u0000", r"a\ud800b"])
def test_unstorable_text_is_refused(pycrm: Run, name: str) -> None:
    """NUL and half a character end as a problem of the field."""
    done = pycrm("create", "account", "-", stdin=f'{{"name": "{name}"}}')

    assert done.code == 4
    assert "[text.unstorable]" in done.err


def test_empty_list_creates_nothing(pycrm: Run) -> None:
    """No record is no error."""
    assert pycrm("create", "account", "-", stdin="[]").out == "nothing to create\n"


WRONG = {"level": "Z", "nme": "x", "parent": "nobody", "annual_revenue": "12", "birth_on": "soon"}


def test_all_problems_are_told_at_once(pycrm: Run) -> None:
    """Unreadable values, unknown names, references that lead nowhere and what is missing: one run shows them all."""
    done = pycrm("create", "account", "-", stdin=json.dumps(WRONG))

    assert done.code == 4
    found = {line.split(":")[0].strip() for line in done.err.splitlines()[1:]}
    assert found == {f"account.{name}" for name in (*WRONG, "name")}


def test_missing_is_told_where_hooks_derive(pycrm: Run) -> None:
    """A hook does not see a record that cannot be read; what such a record lacks is told all the same."""
    done = pycrm("create", "task", "due_at=soon")

    assert done.code == 4
    assert [line.split(":")[0].strip() for line in done.err.splitlines()[1:]] == ["task.due_at", "task.subject"]


def test_derived_is_not_missing(pycrm: Run) -> None:
    """What a hook would fill in is not held against a record with another mistake."""
    pycrm("create", "account", "name=a")
    pycrm("create", "sales_order", "account=a", "currency=USD", "number=SO-1")

    done = pycrm("create", "sales_order_line", "order=SO-1", "qty=many")

    assert done.code == 4
    assert [line.split(":")[0].strip() for line in done.err.splitlines()[1:]] == ["sales_order_line.qty"]


def test_problems_of_several_records_are_told_by_record(pycrm: Run) -> None:
    """Each bad one of a list is named, and none is written."""
    records = [{"name": "fine"}, {"name": "odd", "level": "Z", "nme": 1}, {"industry": "x"}]

    done = pycrm("create", "account", "-", stdin=json.dumps(records))

    assert done.code == 4
    assert done.err.count("<Account odd> account.") == 2
    assert "account.name: is required" in done.err
    assert "0 of 0" in pycrm("list", "account").out


def test_update_tells_all_at_once(pycrm: Run) -> None:
    """Of an update, too; nothing is changed."""
    pycrm("create", "task", "subject=Call")

    done = pycrm("update", "task", "Call", "due_at=soon", "subject=", "wrong=1", "assignee=nobody")

    assert done.code == 4
    found = {line.split(":")[0].strip() for line in done.err.splitlines()[1:]}
    assert found == {"task.due_at", "task.subject", "task.wrong", "task.assignee"}
    assert pycrm("show", "task", "Call", "--json").data["version"] == 1


def test_problems_are_told_in_chinese(pycrm: Run) -> None:
    """``--lang zh`` goes for sentences, too."""
    done = pycrm("create", "account", "name=x", "level=Z", "nme=x", "--lang", "zh")

    assert done.code == 4
    assert done.err.startswith("错误：客户 (2)")
    assert "[choice.unknown]" in done.err
    assert "不是 account 的字段" in done.err


def test_footers_are_in_chinese(pycrm: Run) -> None:
    """What stands below and beside the tables."""
    created = pycrm("create", "account", "name=a", "--lang", "zh")
    pycrm("create", "account", "name=b")
    listed = pycrm("list", "account", "--limit", "1", "--lang", "zh")
    shown = pycrm("show", "account", "a", "--lang", "zh")
    updated = pycrm("update", "account", "a", "country=DE", "--lang", "zh")

    assert created.out.startswith("已创建 account ACC-000001 a (")
    assert listed.lines[-2] == "客户：1 条，共 2 条"
    assert listed.lines[-1].startswith("下一页：--after ")
    assert shown.lines[-1].startswith("可用操作：deactivate")
    assert updated.out.startswith("已更新 account ACC-000001 a (")


def test_debug_shows_traceback(pycrm: Run) -> None:
    """And only --debug does."""
    assert "Traceback" in pycrm("show", "account", "nobody", "--debug").err
