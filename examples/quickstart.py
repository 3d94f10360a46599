"""A CRM in forty lines: customers with a field of your own, a deal, a list and a sum.

    python quickstart.py [quickstart.db]

Without an argument everything happens in memory; a path or a URL keeps it.
"""

from __future__ import annotations

import sys

from pycrm import CRM, Account, F, Money, Opportunity, Principal, ValidationError, field

crm = CRM(sys.argv[1] if len(sys.argv) > 1 else "sqlite://", plugins=[])
crm.migrate()
mei = Principal("mei", roles={"administrator"})  # who acts; your own login decides

with crm.acting_as(mei) as ws:  # one unit of work: all of it is kept, or nothing
    if "custom.region" not in crm.schema.entity(Account).fields:
        ws.define_field(Account, "region", field.choice(["east", "north"]), label={"en": "Region", "zh": "大区"})
    harbour = ws.create(Account(name="青岛海晨贸易有限公司", country="CN", custom={"region": "east"}))
    rhine = ws.create(Account(name="Rhein Import GmbH", country="DE", tags=("vip",)))
    ws.create(Opportunity(name="500 shirts", account=rhine, amount=Money("12500", "USD")))
    ws.create(Opportunity(name="200 coats", account=harbour, amount=Money("9800.50", "USD")))

with crm.acting_as(mei) as ws:
    ws.update(rhine, industry="textiles", custom={"region": "north"})
    try:
        ws.create(Account(name="Luna", level="E", custom={"region": "moon"}))
    except ValidationError as error:
        print("refused:", *(f"{problem.field} {problem.message};" for problem in error.problems))

with crm.reading_as(mei) as reader:
    for account in reader.list(Account, where=F.country == "DE", order_by="name"):
        print(account.number, account.name, account.custom.region, account.tags)
    for row in reader.aggregate(Opportunity, measures=["sum(amount)"], group_by="account.custom.region"):
        print(row["account.custom.region"], row["sum(amount)"])

crm.close()
