"""Where the customers of the demo company are, and how companies and people there are called.

Invented names in forms that are usual in each country. Telephone numbers are out of ranges kept for fiction where a
country has such, else with 555; domains end in ``.example``.
"""

from __future__ import annotations

import attrs

__all__ = ["ABROAD", "CHINESE_FAMILY", "CHINESE_GIVEN", "CITIES", "MARKETS", "TRADES", "TRADE_NAMES", "City", "Country"]

MARKETS = ("华东", "华南", "华北", "华中", "西南", "东北", "欧洲", "北美", "南美", "中东", "日本", "东南亚")
"""The options of the custom field ``大区``."""


@attrs.frozen
class City:
    """A Chinese city: its name, the Latin form for domains, province, dialling code, market, and some streets."""

    name: str
    latin: str
    province: str
    dial: str
    market: str
    streets: tuple[str, ...]


@attrs.frozen
class Country:
    """How companies, people and addresses of a country are written.

    Attributes:
        code: ISO 3166-1 alpha-2.
        market: One of `MARKETS`.
        currency: What its customers pay in.
        language: What they write in.
        share: How many of a hundred foreign accounts are there.
        companies: Patterns over a family name, a fancy name and a branch.
        branches: What companies do.
        fancy: First words of company names, with the domain's form where letters are not Latin.
        family: Family names.
        given: Given names.
        cities: City and postcode.
        streets: Patterns over a house number.
        phone: A pattern over three digits.
        address: A pattern over street, postcode and city.
        family_first: The family name stands before the given one.
    """

    code: str
    market: str
    currency: str
    language: str
    share: int
    companies: tuple[str, ...]
    branches: tuple[str, ...]
    fancy: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]
    given: tuple[str, ...]
    cities: tuple[tuple[str, str], ...]
    streets: tuple[str, ...]
    phone: str
    address: str = "{street}, {postcode} {city}"
    family_first: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Return pairs of a word and its Latin form: ``海晨/haichen 恒远/hengyuan``; alone, a word is its own."""
    return tuple((word.partition("/")[0], word.partition("/")[2] or word) for word in text.split())


CITIES = (
    City("上海", "shanghai", "上海市", "21", "华东", _words("浦东大道 延安西路 漕溪北路 金沙江路")),
    City("杭州", "hangzhou", "浙江省杭州市", "571", "华东", _words("文三路 江南大道 莫干山路")),
    City("宁波", "ningbo", "浙江省宁波市", "574", "华东", _words("中山东路 百丈路 江南路")),
    City("义乌", "yiwu", "浙江省义乌市", "579", "华东", _words("稠州北路 福田路 银海路")),
    City("苏州", "suzhou", "江苏省苏州市", "512", "华东", _words("干将东路 星湖街 金鸡湖大道")),
    City("南京", "nanjing", "江苏省南京市", "25", "华东", _words("中山北路 汉中路 江东中路")),
    City("青岛", "qingdao", "山东省青岛市", "532", "华东", _words("香港中路 山东路 辽阳西路")),
    City("温州", "wenzhou", "浙江省温州市", "577", "华东", _words("人民路 车站大道 瓯江路")),
    City("广州", "guangzhou", "广东省广州市", "20", "华南", _words("天河路 中山五路 黄埔大道")),
    City("深圳", "shenzhen", "广东省深圳市", "755", "华南", _words("深南大道 南山大道 宝安大道")),
    City("佛山", "foshan", "广东省佛山市", "757", "华南", _words("季华五路 岭南大道 南海大道")),
    City("东莞", "dongguan", "广东省东莞市", "769", "华南", _words("鸿福路 东城中路 莞太路")),
    City("厦门", "xiamen", "福建省厦门市", "592", "华南", _words("湖滨南路 厦禾路 嘉禾路")),
    City("北京", "beijing", "北京市", "10", "华北", _words("建国路 中关村大街 广渠路")),
    City("天津", "tianjin", "天津市", "22", "华北", _words("南京路 解放北路 友谊路")),
    City("石家庄", "shijiazhuang", "河北省石家庄市", "311", "华北", _words("中山西路 槐安东路 裕华路")),
    City("武汉", "wuhan", "湖北省武汉市", "27", "华中", _words("解放大道 中南路 珞喻路")),
    City("长沙", "changsha", "湖南省长沙市", "731", "华中", _words("五一大道 芙蓉中路 人民东路")),
    City("郑州", "zhengzhou", "河南省郑州市", "371", "华中", _words("金水路 花园路 商都路")),
    City("成都", "chengdu", "四川省成都市", "28", "西南", _words("人民南路 天府大道 蜀都大道")),
    City("重庆", "chongqing", "重庆市", "23", "西南", _words("渝州路 北城天街 长江一路")),
    City("昆明", "kunming", "云南省昆明市", "871", "西南", _words("北京路 人民中路 滇池路")),
    City("沈阳", "shenyang", "辽宁省沈阳市", "24", "东北", _words("青年大街 北陵大街 建设中路")),
    City("大连", "dalian", "辽宁省大连市", "411", "东北", _words("中山路 人民路 黄浦路")),
)

TRADE_NAMES = _pairs(
    "海晨/haichen 恒远/hengyuan 瑞丰/ruifeng 金桥/jinqiao 华盛/huasheng 鼎信/dingxin 盛和/shenghe 东升/dongsheng "
    "宏达/hongda 嘉禾/jiahe 锦程/jincheng 明远/mingyuan 天成/tiancheng 信诚/xincheng 永兴/yongxing 振华/zhenhua "
    "中泰/zhongtai 卓越/zhuoyue 博远/boyuan 晨光/chenguang 德隆/delong 飞扬/feiyang 广源/guangyuan 和顺/heshun "
    "佳美/jiamei 凯达/kaida 立新/lixin 美华/meihua 南洋/nanyang 欧亚/ouya 普惠/puhui 启航/qihang 荣盛/rongsheng "
    "三江/sanjiang 拓普/tuopu 万通/wantong 祥云/xiangyun 亿达/yida 远景/yuanjing 正大/zhengda 腾龙/tenglong 富源/fuyuan"
)

TRADES = (
    "纺织",
    "机械设备",
    "电子科技",
    "五金制品",
    "国际贸易",
    "进出口",
    "包装材料",
    "塑胶制品",
    "照明电器",
    "家居用品",
    "厨具",
    "工具",
    "建材",
    "礼品",
    "供应链管理",
)

CHINESE_FAMILY = _pairs(
    "王/wang 李/li 张/zhang 刘/liu 陈/chen 杨/yang 黄/huang 赵/zhao 吴/wu 周/zhou 徐/xu 孙/sun 马/ma 朱/zhu 胡/hu "
    "郭/guo 何/he 林/lin 高/gao 罗/luo 郑/zheng 梁/liang 谢/xie 宋/song 唐/tang 许/xu 韩/han 邓/deng 冯/feng 曹/cao"
)

CHINESE_GIVEN = _pairs(
    "伟/wei 芳/fang 敏/min 静/jing 丽/li 强/qiang 磊/lei 洋/yang 勇/yong 艳/yan 杰/jie 娟/juan 涛/tao 明/ming 超/chao "
    "秀英/xiuying 建国/jianguo 晓东/xiaodong 雪梅/xuemei 志强/zhiqiang 文静/wenjing 海燕/haiyan 俊杰/junjie "
    "思远/siyuan 雨桐/yutong 子涵/zihan 一鸣/yiming 佳怡/jiayi 浩然/haoran 婷婷/tingting"
)

ABROAD = (
    Country(
        "DE",
        "欧洲",
        "EUR",
        "de",
        18,
        (
            "{family} {branch} GmbH",
            "{fancy} {branch} GmbH & Co. KG",
            "Gebrüder {family} {branch} OHG",
            "{fancy} {branch} AG",
        ),
        _words(
            "Werkzeughandel Textilhandel Industriebedarf Küchentechnik Beleuchtung Baubedarf Großhandel Elektrotechnik"
        ),
        _pairs("Nordwind Hansa Rheintal Alpina Elbe Merkur Adler Westfalia"),
        _pairs(
            "Müller/mueller Schneider Weber Fischer Wagner Becker Hoffmann Koch Richter "
            "Schäfer/schaefer Krüger/krueger Vogel"
        ),
        _words("Anna Markus Sabine Thomas Julia Stefan Katrin Andreas Lena Jürgen Petra Felix"),
        (("Hamburg", "20457"), ("Köln", "50667"), ("Stuttgart", "70173"), ("München", "80331"), ("Bremen", "28195")),
        ("Hafenstraße {number}", "Industriestraße {number}", "Lindenallee {number}", "Am Markt {number}"),
        "+49 30 23125{digits}",
    ),
    Country(
        "US",
        "北美",
        "USD",
        "en",
        24,
        ("{fancy} {branch} Inc.", "{family} & Sons {branch} LLC", "{fancy} {branch} Corp.", "{family} {branch} Co."),
        ("Supply", "Hardware", "Home Goods", "Lighting", "Imports", "Distribution", "Kitchenware", "Trading"),
        _pairs("Lakeside Hudson Pacific Evergreen Summit Redwood Keystone Harbor Prairie Liberty"),
        _pairs("Carter Bennett Foster Hughes Morgan Parker Reed Sullivan Turner Walsh Ramirez Nguyen"),
        _words("Emily James Olivia Robert Sarah Michael Grace Daniel Laura Kevin Megan Brian"),
        (("Chicago", "IL 60601"), ("Houston", "TX 77002"), ("Seattle", "WA 98101"), ("Newark", "NJ 07102")),
        ("{number} Market Street", "{number} Commerce Drive", "{number} Harbor Boulevard", "{number} Elm Avenue"),
        "+1 312 555 0{digits}",
        address="{street}, {city}, {postcode}",
    ),
    Country(
        "JP",
        "日本",
        "JPY",
        "ja",
        14,
        ("{family}商事株式会社", "株式会社{family}{branch}", "{fancy}{branch}株式会社"),
        _words("商会 製作所 物産 工業 貿易 産業"),
        _pairs("東洋/toyo 日昇/nissho 大和/daiwa 富士/fuji 三光/sanko 朝日/asahi"),
        _pairs(
            "佐藤/sato 鈴木/suzuki 高橋/takahashi 田中/tanaka 渡辺/watanabe 伊藤/ito 中村/nakamura "
            "小林/kobayashi 松本/matsumoto"
        ),
        _words("健一 由美 浩 恵子 大輔 美咲 誠 陽子 拓也 直子"),
        (
            ("大阪市中央区", "540-0001"),
            ("東京都港区", "105-0001"),
            ("名古屋市中区", "460-0001"),
            ("横浜市西区", "220-0001"),
        ),
        ("本町1-{number}", "港町2-{number}", "栄町3-{number}"),
        "+81 3 5550 1{digits}",
        address="〒{postcode} {city}{street}",
        family_first=True,
    ),
    Country(
        "AE",
        "中东",
        "USD",
        "en",
        13,
        ("Al {fancy} {branch} LLC", "{fancy} Gulf {branch} FZE", "{family} & Partners {branch} LLC"),
        ("General Trading", "Building Materials", "Electricals", "Home Centre", "Tools Trading"),
        _pairs("Noor Falah Rayan Safa Waha Madina Bahar Najm"),
        _pairs("Rahman Haddad Mansour Khalil Saleh Farouk Aziz Nasser"),
        _words("Ahmed Fatima Omar Layla Yousef Mariam Khalid Huda Tariq Salma"),
        (("Dubai", "P.O. Box 11055"), ("Sharjah", "P.O. Box 25550"), ("Abu Dhabi", "P.O. Box 35501")),
        ("Warehouse {number}, Al Quoz", "Office {number}, Deira", "Shop {number}, Port Road"),
        "+971 4 555 1{digits}",
        address="{street}, {postcode}, {city}",
    ),
    Country(
        "BR",
        "南美",
        "USD",
        "pt",
        11,
        (
            "{family} {branch} Ltda.",
            "Comercial {fancy} Ltda.",
            "{fancy} {branch} S.A.",
            "{family} & Filhos {branch} Ltda.",
        ),
        _words("Importadora Distribuidora Ferragens Utilidades Iluminação"),
        _pairs("Aurora Atlântica/atlantica Cruzeiro Ipanema Horizonte Primavera"),
        _pairs("Silva Santos Oliveira Souza Pereira Costa Almeida Ribeiro Araújo/araujo"),
        _words("Ana João Mariana Pedro Beatriz Lucas Camila Rafael Fernanda Tiago"),
        (("São Paulo", "01000-000"), ("Curitiba", "80000-000"), ("Santos", "11000-000"), ("Recife", "50000-000")),
        ("Rua das Flores, {number}", "Avenida Brasil, {number}", "Rua do Porto, {number}"),
        "+55 11 5550 1{digits}",
        address="{street}, {city}, {postcode}",
    ),
    Country(
        "GB",
        "欧洲",
        "GBP",
        "en",
        11,
        ("{family} & Co. Ltd", "{fancy} {branch} Ltd", "{family} {branch} Ltd"),
        ("Ironmongery", "Lighting", "Home & Garden", "Textiles", "Wholesale"),
        _pairs("Albion Thames Severn Kestrel Beacon Foxglove"),
        _pairs("Wright Ellis Cooper Hartley Bradshaw Whitfield Pearce Ashworth"),
        _words("Charlotte Oliver Amelia George Isla Harry Sophie Edward Alice Hugh"),
        (("Manchester", "M1 1AA"), ("Leeds", "LS1 1AA"), ("Bristol", "BS1 1AA"), ("London", "EC1A 1AA")),
        ("{number} Station Road", "{number} Mill Lane", "Unit {number}, Canal Wharf"),
        "+44 20 7946 0{digits}",
        address="{street}, {city} {postcode}",
    ),
    Country(
        "VN",
        "东南亚",
        "USD",
        "vi",
        9,
        ("Công ty TNHH {branch} {fancy}", "Công ty Cổ phần {fancy}"),
        ("Thương mại", "Xuất nhập khẩu", "Vật liệu", "Điện máy"),
        _pairs("Long/long Minh/minh Việt/viet An/an Thành/thanh Sao/sao Phú/phu"),
        _pairs("Nguyễn/nguyen Trần/tran Lê/le Phạm/pham Vũ/vu Đặng/dang Bùi/bui"),
        ("Minh Anh", "Văn Hùng", "Thị Lan", "Quang Huy", "Thu Hà", "Đức Thắng", "Ngọc Mai"),
        (("Hà Nội", "100000"), ("Hải Phòng", "180000"), ("TP. Hồ Chí Minh", "700000")),
        ("{number} Lê Lợi", "{number} Trần Phú", "{number} Nguyễn Huệ"),
        "+84 24 5550 1{digits}",
        family_first=True,
    ),
)
