"""Places and institutions as people call them: short, and seldom by their whole name."""

from random import Random

from . import place_vocabulary as words
from . import places

_CITY_WORDS = " ".join(cities for cities in words.CITIES.values() if cities).split()
_ORDINALS = "一二三四五六七八九十"
_AGENCY_KINDS = (
    "救助管理站 派出所 交警大队 交警队 疾控中心 疾病预防控制中心 残联 民政局 居委会 社区居委会 村委会 医保局 "
    "医保中心 人社局 法院 检察院 "
    "养老院 敬老院 护理院 颐养院 福利院 老年公寓 康养中心 殡仪馆 妇联 街道办 司法所 消防救援站 急救站 急救中心 "
    "血站 中心血站 看守所 "
    "戒毒所 强制隔离戒毒所 监狱 武装部 干休所 计生站 妇幼保健所 卫健委 卫生局 红十字会 市场监管局 学生处 校医院"
).split()
_FIRM_KINDS = (
    "财产保险股份有限公司 人寿保险公司 人寿 财险 支公司 律师事务所 司法鉴定所 物流 快递 快运 家政 劳务派遣公司 "
    "建筑队 工地 "
    "砖瓦厂 养猪场 养鸡场 菜市场 农贸市场 超市 酒楼 饭店 理发店 网吧 渔业公司 石料厂 采石场 木材厂 鞋厂 玩具厂 "
    "电镀厂 炼油厂 "
    "水电站 铁路局 公交公司 出租车公司 驾校 剧团 文工团 电视台 博物馆 棉纺厂 造纸厂 矿业 煤业 化肥厂 皮革厂 冷库 "
    "机床厂 养殖合作社"
).split()
_HOSPITAL_ENDS = (
    "一院 二院 三院 四院 五院 六院 中医院 妇幼 妇幼保健院 人民医院 中心医院 儿童医院 肿瘤医院 口腔医院 胸科 "
    "骨科医院 传染病院 眼科 "
    "精神卫生中心 安定医院 妇产医院 附院 一附院 二附院 急救中心 康复医院"
).split()
_UNIVERSITY_WORDS = (
    "川北医 遵医 皖医 赣医 桂医 河大 新医大 宁医大 昆医 贵医 山大 晋医大 辽医 吉医 南华 延大 青大 海医 广医 温医大 "
    "徐医 湖医 蚌医 "
    "长治医 承德医 齐医 佳大 石大 内医大 滨医 济医 潍医"
).split()


def compose_loose_place(random: Random) -> str:
    """A place as people say it, of any length: 茶岭镇, 南阳镇平, 柳溪乡马庄, 城西安康巷9号, 河沿村五组."""
    city = random.choice(_CITY_WORDS)
    kind = random.random()
    if kind < 0.12:
        return places.compose_village(random)
    if kind < 0.24:
        return _name(random) + random.choice(
            ("镇", "乡", "镇", "乡", "街道", "县", "县城", "老街", "农场", "林场", "牧场")
        )
    if kind < 0.36:
        return city + random.choice(("", "市")) + _name(random) + random.choice(("", "", "县", "区"))
    if kind < 0.48:
        return (
            _name(random)
            + random.choice("镇乡县区")
            + _name(random)
            + random.choice(("", "村", "庄", "沟", "湾", "坪"))
        )
    if kind < 0.6:
        road = (random.choice(words.ROADS) if random.random() < 0.4 else _name(random)) + random.choice("路街巷里道弄")
        return (
            road
            + f"{random.randint(1, 400)}{random.choice(('号', '号', '弄', '号院'))}"
            + random.choice(
                ("", "", f"{random.randint(1, 30)}-{random.randint(101, 1802)}", f"附{random.randint(1, 30)}号", "二楼")
            )
        )
    if kind < 0.7:
        estate = _name(random) + random.choice(words.ESTATE_KINDS)
        return estate + random.choice(
            ("", f"{random.randint(1, 40)}栋", f"{random.randint(1, 40)}幢{random.randint(101, 2602)}")
        )
    if kind < 0.78:
        return places.compose_region(random)
    if kind < 0.88:
        return places.compose_short_address(random)
    return places.compose_address(random)


def _name(random: Random) -> str:
    return "".join(random.choice(words.PLACE_CHARACTERS) for _ in range(2))


def compose_short_hospital(random: Random) -> str:
    """A hospital as people call it: 市二院, 衡阳三院, 遵医一附院, 柳溪镇卫生院, 县疾控."""
    kind = random.random()
    if kind < 0.2:
        return random.choice("市市市省区县") + random.choice(_ORDINALS[:9]) + "院"
    if kind < 0.3:
        return random.choice("市省区县") + random.choice(
            ("妇幼", "中医院", "疾控", "传染病院", "精卫中心", "血站", "康复中心", "口腔医院")
        )
    if kind < 0.6:
        return random.choice(_CITY_WORDS) + random.choice(_HOSPITAL_ENDS)
    if kind < 0.75:
        return random.choice(_UNIVERSITY_WORDS) + random.choice(
            ("附院", "一附院", "二附院", "附一", "附二院", "三附院", "总院")
        )
    if kind < 0.9:
        return _name(random) + random.choice(
            ("卫生院", "镇卫生院", "乡卫生院", "村卫生室", "诊所", "卫生站", "社区卫生服务中心", "门诊部")
        )
    return _name(random) + random.choice(
        ("医院", "骨伤医院", "妇产医院", "体检中心", "护理院", "口腔", "生殖中心", "血透中心")
    )


def compose_agency(random: Random) -> str:
    """Whoever writes to hospitals, sends patients or employs them: 永安救助管理站, 宜宾市残联, 松鹤护理院, 海川物流."""
    city = random.choice(_CITY_WORDS)
    place = random.choice(
        (city + "市", city, _name(random) + "县", _name(random) + "区", _name(random) + "镇", _name(random))
    )
    if random.random() < 0.55:
        return place + random.choice(_AGENCY_KINDS)
    return random.choice((place, "")) + _name(random) + random.choice(_FIRM_KINDS)
