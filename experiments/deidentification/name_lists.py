"""What names of people are made of: facts of the language, nobody's names in particular."""

COMMON_SURNAMES = tuple("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕")
"""The forty or so that most people bear."""

OTHER_SURNAMES = tuple(
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
    "庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛"
    "童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边"
)
RARE_SURNAMES = tuple(
    "仇麴逄亓爨乜佘佟蔺郗郜郏鄢阚隗雒靖鞠揭笪缪窦竺粟綦昝禚臧逯迟邸宓寇冼敖幸练蔚厉撒仝仉冀匡区占别全农麻"
)

COMPOUND_SURNAMES = (
    "欧阳 司马 诸葛 上官 司徒 东方 独孤 慕容 尉迟 长孙 宇文 皇甫 令狐 夏侯 公孙 轩辕 端木 南宫 西门 呼延 闻人 "
    "澹台 申屠 钟离 拓跋"
).split()

MALE_GIVEN = tuple("伟强磊军勇杰涛明超刚平辉鹏斌波鑫飞亮浩宇健峰林彬旭东凯松毅俊宏志建国民德福贵树根栓柱全胜利生")
FEMALE_GIVEN = tuple("芳娜敏静丽艳娟霞燕玲桂英秀兰梅红云莲凤珍玉香琴雪慧倩婷雅洁莉萍颖琳欣怡妍蕾菊花巧妮")
EITHER_GIVEN = tuple("文华春晓庆安宁心一乐天雨思佳嘉瑞祥海金新成长江河清和正世永康泽梓涵轩诗予然可奕沐辰")
RARE_GIVEN = tuple("翀翾骉堃喆彧昱玥珺琰璟甯祎祺禛芃茜菡葳蕤薇赟郢钊钰铄铖锴霁頔颉飏馥骁黟翊羿瓯烨煜犇淼垚焱")

WORD_NAMES = (
    "高兴 温和 常青 方便 成功 白雪 马上 安静 江河 和平 时间 方向 高峰 白云 江山 黄金 金属 石英 康复 安全 安康 "
    "常乐 白杨 马力 向阳 向前 于是 毛衣 温暖 温馨 程度 范围 华丽 任重 关心 关爱 高原 高洁 夏天 夏至 雷鸣 "
    "雷雨 田野 田园 谷雨 石磊 金星 金贵 方正 方圆 严明 严肃 宁静 易水 梅花 柳叶 柏林 苗圃 车轮 路遥 路平 单纯 "
    "包容 解放 强健 全胜 左右 房间 边缘 平安 成果 文静 文明 明亮 明确 钱多多 高大全 甘草 白薇 黄连 杜仲 苏叶 "
    "安定 史前 曾经 连翘 党参 应当 水生 花红 云霞 计划 项目 明月 阳光 乐观 尚可 祝愿 盛夏 景象 沙海 席卷 艾叶 "
    "麦冬 苗条 冷静 贝贝 伊人 叶片 秋菊 年华"
).split()
"""Names that are words as well: each begins with a character that is a surname."""

NICKNAMES = "乐乐 豆豆 小宝 妞妞 壮壮 毛毛 丫丫 朵朵 果果 铁蛋 二妮 狗剩 石头 大丫 小石榴 安安 糖糖".split()

UYGHUR_GIVEN = (
    "古丽巴哈尔 阿依古丽 买买提江 阿卜杜热合曼 吐尔逊 帕提古丽 热依汗 艾合买提 木合塔尔 阿迪力江 图尔荪古丽 "
    "玉素甫 努尔比亚 迪丽拜尔 凯丽比努尔 麦麦提敏 依力亚斯 阿曼古丽 伊敏江 再娜甫 米热古丽 肉孜 海热古丽 "
    "布威海丽且"
).split()
UYGHUR_FATHERS = (
    "买买提 吐尔逊 阿布都拉 艾买提 肉孜 依明 斯迪克 卡德尔 热合曼 尼亚孜 阿吾提 玉山 赛买提 努尔 托合提 沙吾提 "
    "毛拉 巴拉提 亚森"
).split()
WHOLE_MINORITY_NAMES = (
    "扎西次仁 洛桑尼玛 次仁卓玛 格桑德吉 多吉旺堆 索朗央宗 巴桑普赤 旦增曲珍 乌云其木格 巴特尔巴根 萨仁高娃 "
    "那仁图雅 斯琴高娃 宝音德力格尔 额尔敦巴雅尔 阿拉坦其其格 哈斯额尔敦 朝鲁孟和 吉克阿依 阿苏木呷 沙马拉且 "
    "吉木日古 俄木尔坡 岩温罕 玉波罕香 叶尔兰别克 加依娜古丽 巴合提别克 赛里克江 马合木提江"
).split()
"""Tibetan, Mongolian, Yi, Dai and Kazakh names, which are written without a dot."""

TRANSLITERATED = (
    "约翰·史密斯 玛丽亚·加西亚 伊万诺娃 阿列克谢·彼得罗夫 穆罕默德·阿里 金敏俊 佐藤健二 阮氏秋 素帕猜".split()
)
LATIN_NAMES = (
    "John Smith",
    "Maria Garcia",
    "SATO Kenji",
    "Nguyen Van An",
    "Kim Min-jun",
    "ZHANG WEI",
    "Wang Jianguo",
    "Aisha B. Khan",
    "O'Brien Patrick",
    "Petrova Olga",
    "Jean-Luc Moreau",
    "LI XIAOYAN",
)
