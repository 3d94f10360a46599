"""The act of the demo on imports: a messy sheet as Excel in China saves it, from a proposal to an import and back."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

from pycrm.app import CRM
from pycrm.builtin.parties import Account, Contact
from pycrm.cli.demo_stage import Stage
from pycrm.errors import Problem
from pycrm.exchange.importing import ImportPlan
from pycrm.schema.dump import dump_records
from pycrm.values.principal import Principal

__all__ = ["show_import"]

SHEET = """\
客户编号,客户名称,联系人,手机,统一社会信用代码,成交金额,签约日期
000123,上海示范贸易有限公司,王小明,13800000001,91310000MA1FL0X00X,"￥1,234,567.89",2024/1/5
000125,北京样本科技股份公司,李娜,１３９００００００２１,,12.5万,2024.01.05
000126,深圳样例电子,欧阳锋,0755-88880000,9.14403E+17,-,45296
000127,=cmd|calc,张三,13900000003,,1200.00,2024-2-29
000128,　全角空格公司　,赵　敏,138 0000 0004,,１，０００,2024-13-45
,,,,,,
合计,,,,,"2,469,135.78",
"""


def show_import(crm: CRM, principal: Principal, stage: Stage) -> None:
    """Propose a mapping for a sheet in GBK, plan it, import it, show what was refused, and take it back."""
    before = _digest(crm, principal)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "客户表.csv")
        path.write_bytes(SHEET.encode("gbk"))
        suggestion = crm.imports.suggest(principal, path, entity="account", language=stage.say.language)
        plan = crm.imports.plan(principal, path, suggestion.mapping)
        result = crm.imports.run(principal, path, plan=plan)
    with_it = _digest(crm, principal)
    undone = crm.imports.undo(principal, result.run)
    after = _digest(crm, principal)
    figures = {
        "encoding": plan.encoding,
        "columns": {each.column: f"{each.entity}.{each.path}" for each in suggestion.columns},
        "counts": {"rows": result.counts.rows, "created": result.counts.created, "refused": result.counts.refused},
        "agrees": result.agrees,
        "undone": {"removed": undone.removed, "left": len(undone.left)},
        "digests": {"before": before, "with": with_it, "after": after},
    }
    say = stage.say
    stage.scene("import", say("A messy sheet in GBK: proposed, planned, imported, proved, taken back"), figures)
    stage.write(say("{file}: encoding {encoding}, found out", file="客户表.csv", encoding=plan.encoding))
    stage.table(
        say.each("Column", "Field", "Certainty"),
        [(each.column, f"{each.entity}.{each.path}", f"{each.certainty:.0%}") for each in suggestion.columns],
        right=[2],
    )
    _show_refused(crm, stage, plan)
    stage.write(
        say(
            "{run}: {rows} rows = {created} created + {refused} refused; what is stored equals what was read: {agrees}",
            run=result.run,
            rows=result.counts.rows,
            created=result.counts.created,
            refused=result.counts.refused,
            agrees=say("yes") if result.agrees else say("no"),
        )
    )
    stage.write(
        say(
            "taken back: {removed} records removed; digest before {before}, with the import {with_it}, after {after}",
            removed=undone.removed,
            before=before,
            with_it=with_it,
            after=after,
        )
    )


def _show_refused(crm: CRM, stage: Stage, plan: ImportPlan) -> None:
    say = stage.say
    stage.write("\n" + say("The plan is the import itself, rolled back. It would refuse:"))
    rows = [
        (
            row.line,
            problem["facts"].get("column") or "",
            problem["facts"].get("value") or "",
            crm.labels.problem(Problem.from_data(problem, None), say.language),
        )
        for row in plan.rows
        if row.outcome == "refused"
        for problem in row.problems
    ]
    stage.table(say.each("Line", "Column", "Value", "Reason"), rows, right=[0])
    stage.write("")


def _digest(crm: CRM, principal: Principal) -> str:
    """Return the beginning of a digest over all accounts and contacts, without when and how often they changed."""
    history = {"version", "created_at", "updated_at", "created_by", "updated_by"}
    digest = hashlib.sha256()
    with crm.reading_as(principal) as ws:
        for record_class in (Account, Contact):
            entity = crm.schema.entity(record_class)
            for record in ws.iterate(record_class, order_by="id"):
                (data,) = dump_records(entity, [record])
                kept = {path: value for path, value in data.items() if path not in history and value not in (None, [])}
                digest.update(json.dumps(kept, sort_keys=True, ensure_ascii=False, default=str).encode())
    return digest.hexdigest()[:12]
