def test_x(world, nouns):
    a = nouns.Account(name="海", custom={"market": "DE", "vip": True})
    b = nouns.Account(name="b", parent=a, custom={"agent": a.id})
    world.insert([a, b])
    world.insert([nouns.Deal(name="x", account=b, tags=("u",)), nouns.Deal(name=None)])
    F = nouns.F
    assert world.names() == ["x", None]
    assert world.names(F.account.parent.custom.market == "DE") == ["x"]
    assert world.names(order_by="name") == [None, "x"]
    assert world.aggregate("count()", group_by="account.parent.custom.vip") == [
        {"account.parent.custom.vip": None, "count()": 1},
        {"account.parent.custom.vip": True, "count()": 1},
    ]
    assert world.names(F.account.custom.agent.name == "海") == ["x"]
