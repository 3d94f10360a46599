"""Lists, paths and groups over a company of a million accounts, beside SQLAlchemy Core, its ORM and Django by hand.

Core selects what pycrm selects and fills attrs classes with the same columns; its statements are made once. What the
ORM and Django take for the same page stands beside.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy import orm

from benchmarks import company
from benchmarks.measure import WALL, Ratio, benchmark, from_pairs, seconds
from benchmarks.plain import PlainEntity, django_objects
from benchmarks.sample import BOSS
from pycrm import CRM, Account, AccountContact, Interaction, Opportunity
from pycrm.query import node_of
from pycrm.workspace import Reader

PAGE = 50
ROUNDS = 100
FEWEST_ROUNDS, MOST_SECONDS = 5, 20.0
DEEP = company.ACCOUNTS // 2
STEP = min(5_000, DEEP)

# A page of accounts as a sales manager asks for it: two fields, a custom one, in the order of an indexed third.
ASKED = "level = :level AND country = :country AND custom.incoterm = :incoterm"
ANSWERS = [
    {"level": level, "country": country, "incoterm": incoterm}
    for level, country, incoterm in itertools.product("ABC", ("CN", "US", "DE"), ("FOB", "CIF", "EXW"))
]


@attrs.frozen
class Company:
    """The company, through pycrm and without it."""

    crm: CRM
    engine: sa.Engine
    account: PlainEntity
    contact: PlainEntity
    link: PlainEntity
    opportunity: PlainEntity
    interaction: PlainEntity
    user: PlainEntity

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def custom(self, name: str) -> sa.ColumnElement[str]:
        """Return the custom field *name* of accounts."""
        if self.is_sqlite:
            return sa.literal_column(f"json_extract(crm_account.doc, '$.\"{name}\"')", sa.Text())
        return sa.literal_column(f"(crm_account.doc ->> '{name}') COLLATE \"C\"", sa.Text())

    def in_order(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return the ascending order of *column* that its index has."""
        return column.asc() if self.is_sqlite else column.asc().nulls_first()

    def core(self, plain: PlainEntity, statement: sa.Select[Any], values: Mapping[str, Any]) -> list[Any]:
        """Return what *statement* selects as objects, in a transaction of its own."""
        with self.engine.connect() as connection:
            return plain.fill(connection.execute(statement, values).all())


@contextmanager
def opened(url: str) -> Iterator[Company]:
    """Yield the company in the database *url*."""
    crm, engine, metadata = CRM(url, plugins=[]), sa.create_engine(url), sa.MetaData()
    names = ("account", "contact", "account_contact", "opportunity", "interaction", "user")
    try:
        yield Company(crm, engine, *(PlainEntity(crm, name, engine.dialect.name, metadata) for name in names))
    finally:
        crm.close()
        engine.dispose()


@benchmark("list_page", bar="<= 1.5", data=company.fill)
def page(url: str) -> Ratio:
    """Wall seconds of a page of 50: two fields and a custom one, sorted by an indexed third, beside Core."""
    with opened(url) as known:
        others = _ways_of_others(known, url)
        return _compared(_page_ours(known), _page_core(known), others)


@benchmark("list_page_ms", bar="<= 1.0", data=company.fill)
def page_median(url: str) -> Ratio:
    """Milliseconds of that page, the median."""
    with opened(url) as known:
        return _milliseconds(_page_ours(known), 0.5)


@benchmark("list_page_p95_ms", bar="<= 1.5", data=company.fill)
def page_slow(url: str) -> Ratio:
    """Milliseconds of that page that 95 of 100 keep to."""
    with opened(url) as known:
        return _milliseconds(_page_ours(known), 0.95)


@benchmark("list_deep", bar="<= 1.5", data=company.fill)
def deep_page(url: str) -> Ratio:
    """Wall seconds of the page after 500,000 rows, beside Core that continues after the same row."""
    with opened(url) as known:
        ours, last = _deep_ours(known)
        return _compared(ours, _deep_core(known, last))


@benchmark("list_deep_ms", bar="<= 1.0", data=company.fill)
def deep_page_median(url: str) -> Ratio:
    """Milliseconds of that page, the median."""
    with opened(url) as known:
        return _milliseconds(_deep_ours(known)[0], 0.5)


@benchmark("list_path", bar="<= 1.5", data=company.fill)
def path(url: str) -> Ratio:
    """Wall seconds of a page of opportunities whose account's owner has a name: a path through two references."""
    with opened(url) as known:
        with known.crm.reading_as(BOSS) as reader:
            names = [row["account.owner.name"] for row in _owners(reader)][:20]
        opportunity, account, user = known.opportunity.table, known.account.table, known.user.table
        statement = (
            sa.select(opportunity)
            .join(account, opportunity.c.account == account.c.id)
            .join(user, account.c.owner == user.c.id)
            .where(opportunity.c.deleted_at.is_(None), user.c.name == sa.bindparam("name"))
            .order_by(known.in_order(opportunity.c.close_on), opportunity.c.id)
            .limit(PAGE + 1)
        )
        return _compared(
            _listed(known, Opportunity, "account.owner.name = :name", "close_on", [{"name": name} for name in names]),
            _by_core(known, known.opportunity, statement, [{"name": name} for name in names]),
        )


def _owners(reader: Reader) -> Sequence[Mapping[str, Any]]:
    return reader.aggregate(Opportunity, measures=["count()"], group_by="account.owner.name")


@benchmark("list_any", bar="<= 1.5", data=company.fill)
def any_contact(url: str) -> Ratio:
    """Wall seconds of a page of accounts with a contact of some job title: ANY over 3,000,000 contacts."""
    with opened(url) as known:
        titles = ("采购经理", "总经理", "CEO", "Buyer")
        wanted = [{"title": title} for title in titles]
        contact = known.contact.table
        return _compared(
            _listed(known, Account, "ANY(account_contacts, contact.job_title = :title)", "name", wanted),
            _by_core(known, known.account, _with_contact(known, contact.c.job_title == sa.bindparam("title")), wanted),
        )


@benchmark("list_any_rare", bar="<= 1.5", data=company.fill)
def any_rare_contact(url: str) -> Ratio:
    """Wall seconds of a page of accounts with a contact of some e-mail address, which hardly any has."""
    with opened(url) as known:
        with known.crm.reading_as(BOSS) as reader:
            some = reader.list(AccountContact, limit=ROUNDS, include="contact")
            wanted = [{"email": str(link.contact.record.email)} for link in some if link.contact.record.email]
        return _compared(
            _listed(known, Account, "ANY(account_contacts, contact.email = :email)", "name", wanted),
            _by_core(
                known, known.account, _with_contact(known, known.contact.table.c.email == sa.bindparam("email")), wanted
            ),
        )


@benchmark("record_page", bar="<= 2.0", data=company.fill)
def record_page(url: str) -> Ratio:
    """Wall seconds of one account with its 50 latest interactions and three related lists, in at most 6 statements."""
    with opened(url) as known:
        with known.crm.reading_as(BOSS) as reader:
            ids = [account.id for account in reader.list(Account, limit=company.TALKATIVE)]
        ours, core = itertools.cycle(ids), itertools.cycle(ids)
        result = _compared(lambda: _read_record(known.crm, next(ours)), _record_by_core(known, core))
        statements = _statements(url, lambda crm: _read_record(crm, ids[0]))
    if statements > 6:
        raise AssertionError(f"a record and its lists took {statements} statements")
    return attrs.evolve(result, beside={"statements": statements})


@benchmark("group_promoted", bar="<= 2.0", databases=("postgresql",), data=company.fill)
def group_by_custom(url: str) -> Ratio:
    """Wall seconds of counting accounts by a promoted custom field without an index, beside a field of its own."""
    with opened(url) as known:
        known.crm.promote_field(BOSS, Account, "incoterm")
        try:

            def groups(name: str) -> Callable[[], Any]:
                def once() -> None:
                    with known.crm.reading_as(BOSS) as reader:
                        reader.aggregate(Account, measures=["count()"], group_by=name)

                return once

            return _compared(groups("custom.incoterm"), groups("level"), rounds=7)
        finally:
            known.crm.demote_field(BOSS, Account, "incoterm")


@benchmark("shape_cached_us", bar="<= 50", data=company.fill)
def cached_shape(url: str) -> Ratio:
    """Microseconds from a filter's text to its statement, where the shape was met before and the values are new."""
    with opened(url) as known, known.crm.reading_as(BOSS) as reader:
        compiler, account = reader._ctx.tools.compiler, known.crm.schema.entity(Account)
        texts = (f"level = 'A' AND country = 'CN' AND employee_count > {number}" for number in itertools.count())

        def once() -> None:
            plan = compiler.page(account, node_of(next(texts)), "name")
            plan.statement(plan.ranges[0], PAGE + 1)

        return _each(once, 1_000)


@benchmark("shape_new_us", bar="<= 2000", data=company.fill)
def new_shape(url: str) -> Ratio:
    """Microseconds from a filter's text to its statement, where the shape is new."""
    with opened(url) as known, known.crm.reading_as(BOSS) as reader:
        compiler, account = reader._ctx.tools.compiler, known.crm.schema.entity(Account)
        names = [name for name, field in account.fields.items() if field.kind.name in ("text", "long_text")]
        pairs = itertools.permutations(names, 2)
        texts = (f"level = 'A' AND {one} = 'x' AND {other} != 'y'" for one, other in pairs)

        def once() -> None:
            plan = compiler.page(account, node_of(next(texts)), "name")
            plan.statement(plan.ranges[0], PAGE + 1)

        return _each(once, 50)


# The ways of reading that are compared


def _page_ours(known: Company) -> Callable[[], Any]:
    return _listed(known, Account, ASKED, "name", ANSWERS)


def _page_statement(known: Company) -> sa.Select[Any]:
    account = known.account.table
    return (
        sa.select(account)
        .where(
            account.c.deleted_at.is_(None),
            account.c.level == sa.bindparam("level"),
            account.c.country == sa.bindparam("country"),
            known.custom("incoterm") == sa.bindparam("incoterm"),
        )
        .order_by(known.in_order(account.c.name), account.c.id)
        .limit(PAGE + 1)
    )


def _page_core(known: Company) -> Callable[[], Any]:
    return _by_core(known, known.account, _page_statement(known), ANSWERS)


def _ways_of_others(known: Company, url: str) -> dict[str, Callable[[], Any]]:
    """Return how the ORM and Django read that page."""
    mapped = known.account.mapped
    chosen = sa.select(mapped).from_statement(_page_statement(known))
    objects = django_objects(known.account, url)
    custom = "doc__incoterm"
    orm_answers, django_answers = itertools.cycle(ANSWERS), itertools.cycle(ANSWERS)

    def by_orm() -> None:
        with orm.Session(known.engine) as session:
            session.scalars(chosen, next(orm_answers)).all()

    def by_django() -> None:
        asked = next(django_answers)
        wanted = {"level": asked["level"], "country": asked["country"], custom: asked["incoterm"]}
        list(objects.filter(deleted_at=None, **wanted).order_by("name", "id")[: PAGE + 1])

    return {"orm": by_orm, "django": by_django}


def _deep_ours(known: Company) -> tuple[Callable[[], Any], Account]:
    """Return the reading of the page that begins after `DEEP` rows, and the last of these."""
    cursor = None
    with known.crm.reading_as(BOSS) as reader:
        for _ in range(DEEP // STEP):
            rows = reader.list(Account, order_by="name", limit=STEP, after=cursor)
            cursor = rows.next_cursor

    def once() -> None:
        with known.crm.reading_as(BOSS) as reader:
            assert len(reader.list(Account, order_by="name", limit=PAGE, after=cursor)) == PAGE

    return once, rows[-1]


def _deep_core(known: Company, last: Account) -> Callable[[], Any]:
    account = known.account.table
    key = sa.tuple_(account.c.name, account.c.id)
    after = sa.tuple_(sa.bindparam("name"), sa.bindparam("id", type_=account.c.id.type))
    statement = (
        sa.select(account)
        .where(account.c.deleted_at.is_(None), key > after)
        .order_by(known.in_order(account.c.name), account.c.id)
        .limit(PAGE + 1)
    )
    return _by_core(known, known.account, statement, [{"name": last.name, "id": last.id}])


def _with_contact(known: Company, condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    account, link, contact = known.account.table, known.link.table, known.contact.table
    found = (
        sa.select(sa.literal_column("1"))
        .select_from(link.join(contact, link.c.contact == contact.c.id))
        .where(link.c.account == account.c.id, link.c.deleted_at.is_(None), condition)
    )
    return (
        sa.select(account)
        .where(account.c.deleted_at.is_(None), found.exists())
        .order_by(known.in_order(account.c.name), account.c.id)
        .limit(PAGE + 1)
    )


def _read_record(crm: CRM, id: Any) -> None:
    with crm.reading_as(BOSS) as reader:
        account = reader.get(Account, id)
        reader.list(Interaction, where="about = :account", values={"account": account}, order_by="happened_at DESC")
        reader.list(AccountContact, where="account = :account", values={"account": account}, include="contact")
        reader.list(Opportunity, where="account = :account", values={"account": account}, order_by="close_on DESC")
        reader.list(Account, where="parent = :account", values={"account": account}, order_by="name")


def _record_by_core(known: Company, ids: Iterator[Any]) -> Callable[[], Any]:
    account, link, contact = known.account.table, known.link.table, known.contact.table
    talk, deal = known.interaction.table, known.opportunity.table
    id: Any = sa.bindparam("wanted", type_=account.c.id.type)

    def listed(plain: PlainEntity, condition: Any, *order: Any) -> tuple[PlainEntity, sa.Select[Any]]:
        table = plain.table
        return plain, sa.select(table).where(table.c.deleted_at.is_(None), condition).order_by(*order).limit(PAGE + 1)

    statements = [
        (known.account, sa.select(account).where(account.c.id == id)),
        listed(known.interaction, talk.c.about == id, talk.c.happened_at.desc(), talk.c.id.desc()),
        listed(known.link, link.c.account == id, link.c.id),
        (known.contact, sa.select(contact).join(link, link.c.contact == contact.c.id).where(link.c.account == id)),
        listed(known.opportunity, deal.c.account == id, deal.c.close_on.desc(), deal.c.id.desc()),
        listed(known.account, account.c.parent == id, account.c.name, account.c.id),
    ]

    def once() -> None:
        values = {"wanted": next(ids)}
        with known.engine.connect() as connection:
            for plain, statement in statements:
                plain.fill(connection.execute(statement, values).all())

    return once


def _listed(
    known: Company, entity: type[Any], where: str, order_by: str, answers: Sequence[Mapping[str, Any]]
) -> Callable[[], Any]:
    """Return the reading of a page through pycrm, in a unit of its own, the parameters changing from time to time."""
    values = itertools.cycle(answers)

    def once() -> None:
        with known.crm.reading_as(BOSS) as reader:
            reader.list(entity, where=where, order_by=order_by, limit=PAGE, values=next(values))

    return once


def _by_core(
    known: Company, plain: PlainEntity, statement: sa.Select[Any], answers: Sequence[Mapping[str, Any]]
) -> Callable[[], Any]:
    values = itertools.cycle(answers)
    return lambda: known.core(plain, statement, next(values))


# How they are measured


def _compared(
    ours: Callable[[], Any],
    baseline: Callable[[], Any],
    others: Mapping[str, Callable[[], Any]] | None = None,
    rounds: int = ROUNDS,
) -> Ratio:
    """Return the medians of both in milliseconds, the median ratio of pairs, and the medians of the others beside."""
    ways = {"ours": ours, "baseline": baseline, **(others or {})}
    for way in ways.values():
        way()
    timed: list[dict[str, float]] = []
    until = WALL() + MOST_SECONDS
    while len(timed) < rounds and (WALL() < until or len(timed) < FEWEST_ROUNDS):
        timed.append({name: seconds(way, WALL) * 1_000 for name, way in ways.items()})
    found = from_pairs([(each["ours"], each["baseline"]) for each in timed], unit="ms")
    beside = {f"{name}_ms": statistics.median(each[name] for each in timed) for name in others or ()}
    return attrs.evolve(found, beside=beside)


def _milliseconds(work: Callable[[], Any], share: float) -> Ratio:
    for _ in range(len(ANSWERS)):
        work()
    taken = sorted(seconds(work, WALL) * 1_000 for _ in range(4 * ROUNDS))
    return Ratio(figure=taken[int(share * len(taken))], unit="ms")


def _each(work: Callable[[], Any], rounds: int) -> Ratio:
    work()
    return Ratio(figure=statistics.median(seconds(work, WALL) for _ in range(rounds)) * 1e6, unit="us")


def _statements(url: str, work: Callable[[CRM], Any]) -> int:
    """Return how many statements *work* sends."""
    engine, sent = sa.create_engine(url), []
    crm = CRM(engine, plugins=[])
    work(crm)
    sa.event.listen(engine, "before_cursor_execute", lambda *facts: sent.append(facts[2]))
    work(crm)
    crm.close()
    engine.dispose()
    return len(sent)
