"""The act of the demo in which a sales manager asks ten questions, each with its filter, its words and its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from pycrm.app import CRM
from pycrm.builtin.activities import Task
from pycrm.builtin.parties import Account
from pycrm.builtin.sales import Opportunity, SalesOrder
from pycrm.cli.columns import Column, columns_of, include_of
from pycrm.cli.demo_stage import Stage, amounts
from pycrm.cli.output import is_number
from pycrm.cli.texts import sentence
from pycrm.schema import Entity, Record, Schema
from pycrm.values.money import Monies
from pycrm.values.principal import Principal
from pycrm.workspace import Reader

__all__ = ["QUESTIONS", "Answer", "Question", "answer", "ask_all"]

SHOWN = 3
SEARCHED = "haichen"


@attrs.frozen
class Question:
    """What somebody wants to know, and how a program asks for it.

    Attributes:
        asked: The question in words, a key of the catalogue.
        entity: The record class.
        where: The filter.
        columns: What the answer shows of each record; empty where groups or sums are the answer.
        order_by: The order of the records.
        group_by: Paths to count by.
        measures: What is counted or summed, of the groups or of all.
        values: Finds what the parameters of the filter stand for.
        given: What that is, in words; a key of the catalogue.
    """

    asked: str
    entity: type[Record]
    where: str
    columns: tuple[str, ...] = ()
    order_by: str | None = None
    group_by: str | None = None
    measures: tuple[str, ...] = ("count()",)
    values: Callable[[Reader], Mapping[str, Any]] | None = None
    given: str = ""


@attrs.frozen
class Answer:
    """What answers a question: a number, with one of what follows.

    Attributes:
        count: How many records the filter selects.
        records: The first of them.
        groups: How many there are of each group.
        total: Their sum by currency.
    """

    count: int
    records: tuple[Record, ...] = ()
    groups: Mapping[Any, int] = attrs.field(factory=dict)
    total: Monies = attrs.field(factory=Monies)


def _group(ws: Reader) -> Mapping[str, Any]:
    """Return the first customer that orders both itself and through a subsidiary."""
    where = "ANY(orders) AND ANY(subsidiaries, ANY(orders))"
    return {"group": [each.id for each in ws.list(Account, where=where, order_by="number", limit=1)]}


def _found(ws: Reader) -> Mapping[str, Any]:
    """Return the accounts that a search finds by a word of their mail address, whatever they are called."""
    return {"found": [hit.record.id for hit in ws.search(SEARCHED, entities=[Account], limit=50)]}


QUESTIONS = (
    Question(
        sentence("What of mine should be won this month?"),
        Opportunity,
        "owner = ME AND stage.outcome = 'open' AND close_on = THIS_MONTH",
        ("name", "account", "amount", "close_on"),
        "close_on, name",
    ),
    Question(
        sentence("What should my team have won already?"),
        Opportunity,
        "account.team IN MY_TEAM AND stage.outcome = 'open' AND close_on < TODAY",
        ("name", "account", "owner", "close_on"),
        "close_on, name",
    ),
    Question(
        sentence("Which of the open deals are large, and what are they worth?"),
        Opportunity,
        "stage.outcome = 'open' AND (amount >= USD 20000 OR amount >= CNY 100000)",
        measures=("count()", "sum(amount)"),
    ),
    Question(
        sentence("Where are good customers with nothing open?"),
        Account,
        "level = 'A' AND NONE(opportunities, stage.outcome = 'open')",
        group_by="custom.大区",
    ),
    Question(
        sentence("Who in the east of China bought before, but nothing in half a year?"),
        Account,
        "custom.大区 = '华东' AND ANY(orders) AND NONE(orders, ordered_at = LAST_N_DAYS:180)",
        ("name", "level", "owner", "phone"),
        "level, name",
    ),
    Question(
        sentence("With whom that we met at the fair did we lose a deal since?"),
        Account,
        "tags HAS 'fair-2025' AND ANY(opportunities, stage.outcome = 'lost' AND closed_at = LAST_N_DAYS:365)",
        ("name", "country", "owner"),
        "name",
    ),
    Question(
        sentence("Which orders in hand are beyond the customer's credit limit?"),
        SalesOrder,
        "status IN ('confirmed', 'in_production', 'partly_shipped') AND total > account.custom.credit_limit",
        ("number", "account", "total", "account.custom.credit_limit"),
        "number",
    ),
    Question(
        sentence("What has a group ordered, with all its firms?"),
        SalesOrder,
        "account UNDER :group AND status != 'cancelled'",
        measures=("count()", "sum(total)"),
        values=_group,
        given=sentence(":group is the first customer that orders both itself and through a subsidiary"),
    ),
    Question(
        sentence("Whose urgent tasks are late?"),
        Task,
        "status = 'open' AND due_at < TODAY AND priority IN ('high', 'urgent')",
        group_by="assignee.name",
    ),
    Question(
        sentence("What has the firm ordered that I only remember as “haichen”?"),
        SalesOrder,
        "account IN :found AND status != 'cancelled'",
        ("number", "account", "ordered_at", "total"),
        "number",
        values=_found,
        given=sentence(":found is what ws.search(“haichen”) finds by the words of a mail address"),
    ),
)


def ask_all(crm: CRM, principal: Principal, stage: Stage) -> None:
    """Ask all questions as *principal*, who is one of the sales people."""
    schema = crm.schema
    with crm.reading_as(principal) as ws:
        told = [_Told.of(ws, schema, question, stage.say.language) for question in QUESTIONS]
    title = stage.say("Ten questions of a sales manager, each with its filter, its words and its answer")
    stage.scene("questions", title, [one.figures() for one in told])
    for number, one in enumerate(told):
        if number:
            stage.write("")
        one.show(crm, stage)


def answer(ws: Reader, question: Question, *, include: str = "") -> Answer:
    """Return what answers *question*.

    Args:
        ws: Of whoever asks.
        question: One of `QUESTIONS`.
        include: Related records to load with those of the answer.
    """
    values = question.values(ws) if question.values else None
    asked: dict[str, Any] = {"where": question.where, "values": values}
    if question.columns:
        page = ws.list(question.entity, order_by=question.order_by, limit=SHOWN, include=include, **asked)
        return Answer(ws.count(question.entity, **asked), records=tuple(page))
    rows = ws.aggregate(question.entity, measures=question.measures, group_by=question.group_by, **asked)
    count = sum(row["count()"] for row in rows)
    if question.group_by:
        return Answer(count, groups={row[question.group_by]: row["count()"] for row in rows})
    return Answer(count, total=rows[0][question.measures[-1]])


@attrs.frozen
class _Told:
    """A question with its words and its answer, for people and for programs."""

    question: Question
    entity: Entity
    words: str
    answer: Answer
    columns: list[Column]

    @classmethod
    def of(cls, ws: Reader, schema: Schema, question: Question, language: str) -> _Told:
        entity = schema.entity(question.entity)
        paths = question.columns or ((question.group_by,) if question.group_by else ())
        columns = columns_of(schema, entity, paths)
        words = ws.explain(question.entity, question.where, language=language)
        found = answer(ws, question, include=include_of(columns) if question.columns else "")
        return cls(question, entity, words, found, columns)

    def figures(self) -> dict[str, Any]:
        """Return all of it as JSON-able data."""
        asked = {"question": self.question.asked, "entity": self.entity.name, "filter": self.question.where}
        records = [{column.name: column.data(record) for column in self.columns} for record in self.answer.records]
        kept = {"records": records, "groups": self.answer.groups, "total": self.answer.total}
        return {**asked, "words": self.words, "count": self.answer.count, **{k: v for k, v in kept.items() if v}}

    def show(self, crm: CRM, stage: Stage) -> None:
        """Print question, filter, words and answer."""
        lines = [stage.say(self.question.asked), f"  {self.question.where}", f"  {self.words}"]
        if self.question.given:
            lines.append(f"  {stage.say(self.question.given)}")
        stage.write("\n".join(lines) + "\n")
        labels, language = crm.labels, stage.say.language
        head = [column.head(labels, language) for column in self.columns]
        if self.question.group_by:
            groups = sorted(self.answer.groups.items(), key=lambda group: (-group[1], group[0]))
            stage.table([*head, stage.say("Records")], groups, right=[1])
        elif self.columns:
            right = [place for place, column in enumerate(self.columns) if is_number(column.path.field)]
            rows = [
                [column.cell(record, labels, language) for column in self.columns] for record in self.answer.records
            ]
            stage.table(head, rows, right=right)
            if self.answer.count > len(rows):
                stage.write(stage.say("… and {count} more", count=self.answer.count - len(rows)))
        else:
            stage.table(stage.say.each("Records", "Sum"), [(self.answer.count, amounts(self.answer.total))], right=[0])
