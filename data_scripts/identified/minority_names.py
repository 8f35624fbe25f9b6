"""Names of China's peoples other than the Han, composed of parts: of each people there are thousands."""

from random import Random

_DOTS = "·" * 12 + "•・‧．."

# Uyghur and Kazakh: a given name of a stem and an ending, then the father's name.
_UYGHUR_MEN = (
    "阿卜杜 阿不都 阿布都 买买提 麦麦提 穆罕默德 吐尔逊 图尔荪 玉素甫 玉苏普 艾合买提 艾麦提 库尔班 肉孜 吾斯曼 "
    "亚森 亚库普 "
    "司马义 依明 伊明 热合曼 卡德尔 卡迪尔 艾力 艾尼 木沙 买合木提 帕尔哈提 艾尔肯 迪力木拉提 伊力哈木 艾克拜尔 阿迪力 "
    "木拉提 巴拉提 塔依尔 热西提 赛买提 托合提 吐尼亚孜 尼亚孜 哈斯木 阿力木 居来提 祖农 吾布力 萨伍提 达吾提 苏来曼 "
    "牙生 乌买尔 艾山 玉山 莫明 沙塔尔 甫拉提 凯撒 夏木西丁"
).split()
_UYGHUR_ENDS = "江 江 克里木 热合曼 热依木 吉力力 外力 赛麦提 尼亚孜 哈力克 艾则孜 卡哈尔 瓦依提".split()
_UYGHUR_WOMEN = (
    "古丽 阿依 阿依夏木 阿依努尔 帕提古丽 热孜万 古丽娜 祖丽 迪丽 海日 玛依努尔 阿曼 茹仙 曼孜热 米日 努尔 热依汗 "
    "再娜甫 "
    "帕夏 阿提开 吐逊 哈尼克孜 佐热 布威 玛丽亚木 海丽且 谢依 阿孜 凯比 萨拉 早热 麦尔耶 其曼 阿米娜 沙代提 图尔荪"
).split()
_UYGHUR_WOMEN_ENDS = "古丽 古丽 古丽 汗 汗 姆 努尔 热 娜尔 尼萨 罕 木 皮亚 巴努 克孜 夏木".split()
_KAZAKH_MEN = (
    "叶尔 努尔 巴合 赛力克 哈那 加尔 阿斯 别克 木拉 达吾 杰恩斯 胡安 叶斯 阿依 波拉 沙亚 乌兰 托列 马那 夏依 热斯 库完 "
    "塔斯 吾拉 铁木尔 江阿 哈孜 阿扎 对山 苏力"
).split()
_KAZAKH_ENDS = "别克 兰 江 提 肯 汗 哈提 巴依 拜 力克 波力 泰 木汗 达提 恒 哈孜 扎提 曼".split()
_KAZAKH_WOMEN = "阿依 古丽 沙吾 努尔 加依 玛依 巴合 哈丽 叶尔 萨吾 阿勒 库丽 热依 迪娜 阿克 托力".split()
_KAZAKH_WOMEN_ENDS = "古丽 那尔 娜 列 扎提 达 汗 努尔 玛丽 江 西 克孜 努 恒 别克".split()

_TIBETAN = (
    "扎西 卓玛 次仁 格桑 达瓦 尼玛 旺堆 平措 德吉 央金 拉姆 白玛 仁青 丹增 洛桑 顿珠 索朗 曲珍 多吉 桑吉 加措 美朵 "
    "才让 "
    "旦增 贡布 益西 江白 云丹 措姆 普布 巴桑 边巴 拉巴 米玛 次旦 次旺 旺姆 旺久 旺杰 群培 群宗 曲扎 曲吉 卓嘎 嘎玛 "
    "强巴 "
    "阿旺 土登 晋美 赤列 罗布 玉珍 白珍 德庆 央宗 贡嘎 坚参 坚赞 朗杰 欧珠 仓决 仓央 尕藏 南杰 南加 东珠 项秀 卓尕 "
    "才仁 "
    "更登 更松 昂旺 泽仁 泽郎 泽翁 四郎 邓珠 降央 绒布 阿措 占堆 班玛 三木 华青 周加 完玛 完德 拉毛 吉毛 草姐 娘吉 "
    "先巴 "
    "彭措 热布 色珍 索南 斗拉 豆格 闹吾"
).split()

_MONGOLIAN = (
    "巴特 巴雅 乌云 斯琴 萨仁 娜仁 阿拉坦 额尔敦 孟克 布和 苏日 呼和 哈斯 敖敦 宝音 朝格 那木 特木 青格 乌力吉 "
    "恩和 斯日 "
    "乌兰 道尔 格日 图门 赛音 其木 牧其 白音 满都 莫日 查干 吉日 阿古 德力 伊德 好斯 锡林 浩毕 双宝 旭日 乌尼 金达 "
    "桑布 达楞 海日 嘎拉 高娃 奥云 通拉"
).split()
_MONGOLIAN_MEN_ENDS = (
    "尔 巴图 布拉格 巴雅尔 吉日嘎拉 朝鲁 达来 格 根 呼 仓 都拉 夫 苏和 毕力格 巴根 木格 楞 特尔 图".split()
)
_MONGOLIAN_WOMEN_ENDS = "其其格 高娃 图雅 花 托娅 格日乐 其木格 娜 塔娜 罕 通拉嘎 琪琪格 呼".split()

_YI_CLANS = (
    "吉克 沙马 曲比 阿牛 马海 阿约 俄木 且沙 吉木 勒格 海来 的日 阿苦 阿尔 阿吉 吉色 吉伍 木帕 勒则 尔古 尔库 水落 "
    "贾巴 "
    "罗洪 瓦扎 阿库 俄的 吉子 马黑 莫色 比布 曲木 苏呷 阿侯 果基 八且 阿陆 介加 井几 孙子 土比 洛古 布约 加日"
).split()
_YI_GIVEN = (
    "阿依 拉哈 阿乌 史日 伍呷 拉布 子尔 木呷 日洛 阿木 尔古 么 尔布 子铁 阿呷 尔哈 依布 有呷 伍牛 石布 尔体 木几 曲一 "
    "色尔 阿支 日古 阿嘎 里扎 日哈 阿牛 达体 古哈 打一 木果 尔则 克古 阿洛 伍加 阿各 沙沙 五各 莫 友杂 吉史 伟古 拉者 "
    "布哈 小龙 小英"
).split()

_HUI_SURNAMES = "马马马马马马哈撒丁金白杨海沙纳买虎喇苏米者闪妥铁拜羊黑底蒲冶鲜"
_HUI_GIVEN = (
    "尔萨 哈麦 伊布拉 阿卜杜 优素福 尤布 阿丹 主麻 尔里 麦燕 索菲 法图麦 海迪彻 阿依莎 穆萨 达吾德 尔撒 乃比 舍里夫 "
    "满素 依斯玛 色俩目 古白 麦尔燕 索麦 努海 洒力哈 福海 福祥 国良 志清 玉兰 秀花 成龙 占山 生林 生莲 有福 得海 学义 "
    "如海 彦虎 进财 尕西 六十 七十 五十八 哈三 热木 赛力买 麦哎 则乃"
).split()
_HUI_FIRST = "哈尔麦伊索法海阿穆达优主古努舍福进占学成国玉秀生有如满志彦文德金小晓"
_HUI_LAST = "萨麦布丹苏目燕彻莎德海禄财山义龙良祥英花莲兰梅俊明忠虎林云军红芳强"
_ZHUANG_SURNAMES = "韦韦韦覃覃黄黄农农陆陆蒙莫岑罗梁卢闭零隆班玉苏甘侬磨赵凌劳巫兰谭石吴"
_ZHUANG_FIRST = "彩美秀日月凤桂小爱卜特达世元庆朝妹善乃金炳耀宏汉有丽春仕万全建艳国宝成永"
_ZHUANG_LAST = "娥莲花英勇光荣宁松毅东丰新妹姣林梅兰江明豪贵才飞恩球初昌连珍柳凤香甜暖兴业安"
_KOREAN_SURNAMES = "金金金金朴朴朴李李崔崔郑姜赵尹张韩申吴林徐权黄安宋柳洪全高文梁孙白曹许南沈池玄太卞方严车池蔡"
_KOREAN_FIRST = "哲明成东龙英顺贞善美京香春相光正永昌花今玉南仁日奎镇镐秉泰敏承智银海锦学虎基万钟"
_KOREAN_LAST = "洙浩哲姬子淑男植日龙学镐焕根杰国云实月爱花兰吉范允锡泽哲镇柱弼范俊赫淑玉德福熙烈山"
_DAI_FIRST = "岩岩岩岩玉玉玉依刀召波咪俸布叶岩"
_DAI_LAST = (
    "罕 香 温 光 龙 叫 坎 应 旺 恩 甩 尖 腊 罗 扁 论 拉 胆 章 燕 喃 波 南 糯 单 儿 养 嫩 保 帅 尔 金 叶 满 "
    "罕香 罕龙 温扁 坎章 香囡 温叫 罕甩 万丙 三南 光罕 应罕 罕论 旺香 拉旺 金香 喃香 腊罕 温罕 儿旺 恩罕 罕囡"
).split()


def _uyghur(random: Random) -> str:
    def man() -> str:
        stem = random.choice(_UYGHUR_MEN)
        return stem + (random.choice(_UYGHUR_ENDS) if random.random() < 0.35 else "")

    def woman() -> str:
        return random.choice(_UYGHUR_WOMEN) + random.choice(_UYGHUR_WOMEN_ENDS)

    given = man() if random.random() < 0.5 else woman()
    return given + (random.choice(_DOTS) + man() if random.random() < 0.65 else "")


def _kazakh(random: Random) -> str:
    def man() -> str:
        return random.choice(_KAZAKH_MEN) + random.choice(_KAZAKH_ENDS)

    given = man() if random.random() < 0.55 else random.choice(_KAZAKH_WOMEN) + random.choice(_KAZAKH_WOMEN_ENDS)
    return given + (random.choice(_DOTS) + man() if random.random() < 0.6 else "")


def _tibetan(random: Random) -> str:
    return "".join(random.sample(_TIBETAN, random.choice((1, 2, 2, 2, 2))))


def _mongolian(random: Random) -> str:
    if random.random() < 0.2:
        return "".join(random.sample(_MONGOLIAN, 2))
    ends = _MONGOLIAN_MEN_ENDS if random.random() < 0.5 else _MONGOLIAN_WOMEN_ENDS
    return random.choice(_MONGOLIAN) + random.choice(ends)


def _yi(random: Random) -> str:
    return random.choice(_YI_CLANS) + random.choice(_YI_GIVEN)


def _hui(random: Random) -> str:
    surname = random.choice(_HUI_SURNAMES)
    if random.random() < 0.5:
        return surname + random.choice(_HUI_GIVEN)
    return surname + random.choice(_HUI_FIRST) + random.choice(_HUI_LAST)


def _zhuang(random: Random) -> str:
    return random.choice(_ZHUANG_SURNAMES) + random.choice(_ZHUANG_FIRST) + random.choice(_ZHUANG_LAST)


def _korean(random: Random) -> str:
    return random.choice(_KOREAN_SURNAMES) + random.choice(_KOREAN_FIRST) + random.choice(_KOREAN_LAST)


def _dai(random: Random) -> str:
    if random.random() < 0.5:
        return random.choice(_DAI_FIRST) + random.choice(_DAI_LAST)
    return random.choice(_DAI_FIRST) + "".join(random.sample([part for part in _DAI_LAST if len(part) == 1], 2))


_PEOPLES = (_uyghur, _uyghur, _uyghur, _kazakh, _tibetan, _tibetan, _mongolian, _yi, _hui, _zhuang, _korean, _dai)


def compose_minority_name(random: Random) -> str:
    """A name of another people: 阿依努尔·吐尔逊, 格桑次旺, 乌云高娃, 马海木呷, 岩温扁."""
    return random.choice(_PEOPLES)(random)
