"""What the demo company sells, and what its people write down."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["GOODS", "INTERACTIONS", "LOST_REASONS", "NEXT_STEPS", "RATES", "STAFF", "STAGES", "TASKS", "TEAMS", "Good"]


class Good(NamedTuple):
    """A product: code, names, customs code, unit, price in US dollars."""

    code: str
    name: str
    chinese: str
    hs_code: str
    uom: str
    price: str


GOODS = tuple(
    Good(*line.split("|"))
    for line in """\
LT-1010|LED panel light 60×60|LED 面板灯 60×60|9405.42|pcs|11.80
LT-1020|LED panel light 30×120|LED 面板灯 30×120|9405.42|pcs|13.40
LT-1105|LED downlight 9 W|LED 筒灯 9W|9405.42|pcs|2.65
LT-1210|LED strip 5 m, warm white|LED 灯带 5 米 暖白|9405.42|roll|4.90
LT-1310|Solar garden lamp|太阳能庭院灯|9405.41|pcs|6.35
LT-1400|Rechargeable work light|充电工作灯|8513.10|pcs|8.20
TL-2010|Cordless drill 18 V|18V 充电手电钻|8467.21|set|31.50
TL-2020|Angle grinder 125 mm|125mm 角磨机|8467.29|pcs|22.40
TL-2110|Screwdriver set, 12 pieces|12 件套螺丝刀|8205.40|set|5.75
TL-2120|Combination pliers 180 mm|180mm 钢丝钳|8203.20|pcs|2.95
TL-2130|Adjustable wrench 10 in|10 寸活动扳手|8204.12|pcs|3.60
TL-2210|Tape measure 5 m|5 米卷尺|9017.80|pcs|1.45
TL-2310|Tool box, 19 in|19 寸工具箱|3923.10|pcs|7.10
KW-3010|Stainless steel pot 24 cm|24cm 不锈钢汤锅|7323.93|pcs|9.85
KW-3020|Non-stick frying pan 28 cm|28cm 不粘煎锅|7615.10|pcs|7.60
KW-3110|Knife set, 6 pieces|6 件套刀具|8211.10|set|14.20
KW-3210|Vacuum flask 0.75 l|0.75 升保温壶|9617.00|pcs|5.30
KW-3310|Bamboo cutting board|竹砧板|4419.11|pcs|2.40
KW-3410|Silicone spatula set|硅胶铲套装|3924.10|set|3.15
KW-3510|Glass storage box, 3 pieces|三件套玻璃保鲜盒|7010.90|set|4.45
TX-4010|Cotton bath towel 70×140|全棉浴巾 70×140|6302.60|pcs|3.80
TX-4020|Microfibre cloth, pack of 10|超细纤维抹布 10 片装|6307.10|pack|2.10
TX-4110|Duvet cover set, double|双人被套四件套|6302.31|set|18.90
TX-4210|Work gloves, nitrile|丁腈劳保手套|6116.10|pair|0.62
TX-4310|Canvas tote bag|帆布购物袋|4202.22|pcs|1.25
TX-4410|Fleece blanket 150×200|法兰绒毯 150×200|6301.40|pcs|5.95
HW-5010|Door handle, brushed steel|拉丝不锈钢门把手|8302.41|set|8.75
HW-5020|Concealed hinge 35 mm|35mm 暗铰链|8302.10|pcs|0.48
HW-5110|Padlock 50 mm|50mm 挂锁|8301.10|pcs|2.20
HW-5210|Wood screws 4×40, box of 500|木螺丝 4×40 500 只装|7318.12|box|3.35
HW-5310|Aluminium profile 2 m|铝型材 2 米|7604.21|pcs|6.80
HW-5410|Cable ties, pack of 100|尼龙扎带 100 根装|3926.90|pack|0.85
PK-6010|Corrugated carton 40×30×30|瓦楞纸箱 40×30×30|4819.10|pcs|0.95
PK-6020|Stretch film 500 mm|500mm 缠绕膜|3920.10|roll|6.15
PK-6110|Packing tape 48 mm|48mm 封箱胶带|3919.10|roll|0.70
GF-7010|Ceramic mug 350 ml|350ml 陶瓷马克杯|6912.00|pcs|1.30
GF-7020|Metal ballpoint pen|金属圆珠笔|9608.10|pcs|0.55
GF-7110|USB power bank 10,000 mAh|10000mAh 充电宝|8507.60|pcs|8.90
GF-7210|Umbrella, folding|折叠雨伞|6601.91|pcs|3.20
GF-7310|Notebook A5, hardcover|A5 硬面笔记本|4820.10|pcs|1.15""".splitlines()
)

# How many units of a currency one US dollar is taken for in price lists, and how many digits a price has there.
RATES = {"USD": ("1", 2), "EUR": ("0.92", 2), "GBP": ("0.79", 2), "JPY": ("148", 0), "CNY": ("7.2", 2)}

STAFF = (
    ("lin", "林晓雯"),
    ("zhou", "周建平"),
    ("chen", "陈思远"),
    ("anna", "Anna Becker"),
    ("omar", "Omar Haddad"),
    ("wu", "吴婷婷"),
)
"""Key and name of the sales people."""

TEAMS = {"Home market": ("lin", "zhou", "chen"), "Overseas": ("anna", "omar", "wu")}
"""The keys of a team's members by its name."""

STAGES = (
    ("Inquiry", "0.1", "pipeline", "open"),
    ("Sample", "0.25", "pipeline", "open"),
    ("Quotation", "0.5", "pipeline", "open"),
    ("Negotiation", "0.75", "best", "open"),
    ("Won", "1", "commit", "won"),
    ("Lost", "0", "omitted", "lost"),
)
"""Name, probability, category and outcome of the stages of an exporter's pipeline."""

LOST_REASONS = ("price too high", "lead time too long", "kept the present supplier", "project cancelled", "no answer")
NEXT_STEPS = ("send samples", "revise quotation", "confirm packing", "agree on payment terms", "call back", "visit")

# By kind: subjects in Chinese and in English, over a product's name.
INTERACTIONS = {
    "call": (
        ("电话跟进{product}报价", "电话确认交期"),
        ("Call about the offer for {product}", "Call about delivery dates"),
    ),
    "email": (
        ("邮件发送{product}报价单", "邮件回复询盘"),
        ("Offer for {product} sent", "Inquiry for {product} received"),
    ),
    "meeting": (
        ("来访洽谈{product}", "视频会议讨论年度合同"),
        ("Meeting about {product}", "Video call on the yearly contract"),
    ),
    "note": (
        ("客户关注交期和包装", "竞争对手报价更低"),
        ("Asks for a shorter lead time", "Compares with a local supplier"),
    ),
    "chat": (("微信沟通样品进度",), ("Chat about sample status",)),
}

TASKS = (
    ("跟进{product}样品", "Follow up on samples of {product}"),
    ("报价：{product}", "Quote {product}"),
    ("催收尾款", "Remind of the balance payment"),
    ("确认装柜时间", "Confirm the loading date"),
    ("回访客户", "Call the customer back"),
    ("准备展会邀请", "Send the invitation to the fair"),
)
