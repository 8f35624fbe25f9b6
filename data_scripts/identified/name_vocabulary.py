"""What names are made of; put together for this project.

Apart from the lists of the rules on purpose: a recogniser that learnt from the same lists would miss the same names.
"""

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文樊兰殷施洪翟"
    "安颜倪"
    "牛温芦季俞章鲁葛伍申尤毕聂柴焦柳邢岳齐梅庄辛管祝左涂谷祁舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍"
    "霍翁隋"
    "甘景薄单包司柏宁柯阮桂闵解强丛华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫苟全褚廉简娄符奚木穆党燕郎邸冀谈姬屠"
    "连郜晏"
    "栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝巩稽井练仲乐虞卞封竺冼楚佟栗匡宗应巫鞠桑荆谌银扬岑习胥保蔺云昌凤元平湛汲"
    "松富乌巴"
    "弓牧宓郗仰秋伊厉戎祖束幸韶郏浦尚农阎慕茹宦容慎戈庾终暨衡寇禄阙东沃利蔚隆师晁勾訾阚乜养丰巢蒯仝亓佘况咸哈宿寻庞"
    "庹拓操"
    "敏旷昝树格泽漆澹玄眭祢翦苻茅萧裘诸谯豆贡贲赏邝邰郄钊闻闾骆鲜鹿麦麻"
)
"""Single surnames, the most frequent first: a name draws them by rank."""

COMPOUND_SURNAMES = (
    "欧阳 欧阳 欧阳 上官 司马 诸葛 夏侯 皇甫 尉迟 公孙 慕容 长孙 宇文 司徒 轩辕 令狐 端木 南宫 独孤 西门 百里 呼延 "
    "东郭 濮阳 淳于 "
    "单于 申屠 钟离 鲜于 闾丘 拓跋 赫连 澹台 东方 完颜 纳兰 万俟 闻人"
).split()

MALE_OLD = (
    "建国志文明德福贵祥生荣光华金宝银全有才发财富根树山海江河永恒长久忠孝仁义礼智信诚善良和安康庆胜利兴旺盛耀世家宗"
    "祖承继延绍启"
    "开元学书成立业功勋军民援朝跃进卫东红兵武力刚强勇铁钢柱栓锁留喜来运顺友朋茂松柏栋梁云龙虎彪玉春秋冬双占殿廷守田"
    "保岭水林新"
)
FEMALE_OLD = (
    "秀英桂兰凤珍玉淑芳芬香莲荷花梅菊竹芝翠巧素贞爱玲琴珠银金美丽娥娟霞云彩红春秋冬月仙改变枝叶桃杏梨小大妮妞婉清静"
    "敏惠慈贤淑"
    "慧琼瑶环佩兰萍艳华荣雪平喜焕焕先"
)
MALE_NEW = (
    "浩宇轩子涵梓辰晨睿泽铭俊杰博文昊天翔宸皓逸奕嘉铄煜炎烨霖森淼峻岳岩彬楠航帆舟鹏飞超越凯旋伟磊洋涛波斌亮晓东阳旭"
    "鑫锋锐毅恒"
    "健康瑞祺一诺沐言墨川弘安哲翰琛瑾珩屹舜尧禹"
)
FEMALE_NEW = (
    "欣怡雨婷雪佳琪璐颖慧莉莹倩琳晶洁丹燕菲薇蓉蕾萱诗涵梓语嫣梦瑶可馨妍彤曦悦晗若昕伊诺沐芷依思雅文静雯婧媛娜娅妮珊"
    "琦瑾瑜瑞晓"
    "艺宁安然甜果一朵苒禾柠檬念初"
)
GIVEN_NAMES = {("男", False): MALE_OLD, ("女", False): FEMALE_OLD, ("男", True): MALE_NEW, ("女", True): FEMALE_NEW}
"""Characters by sex, and by whether the bearer was born after 1975."""

FOREIGN_GIVEN = (
    "约翰 玛丽 大卫 迈克尔 安娜 伊万 娜塔莎 彼得 保罗 艾米丽 查尔斯 托马斯 索菲亚 卡洛斯 穆罕默德 法蒂玛 阮氏 山本 "
    "佐藤 金敏"
).split()
FOREIGN_FAMILY = (
    "史密斯 布朗 约翰逊 威廉姆斯 彼得罗夫 伊万诺娃 加西亚 米勒 戴维斯 汤普森 阿里 侯赛因 安德森 罗德里格斯 怀特".split()
)

LATIN_GIVEN = (
    "John Mary David Anna Michael Peter Emily Charles Thomas Sophia Carlos Fatima Ivan Natasha Linda Kevin Yuki "
    "Hiroshi "
    "Nguyen Priya Ahmed Olga Grace Daniel Lucas Jack Rose Tom Amy Henry"
).split()
LATIN_FAMILY = (
    "Smith Brown Johnson Williams Petrov Ivanova Garcia Miller Davis Thompson Hussain Anderson Rodriguez White "
    "Tanaka Suzuki "
    "Kim Park Patel Khan O'Brien Lee Wilson Martin Clark Jones Taylor Moore"
).split()
PINYIN_FAMILY = (
    "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Ouyang Xie Deng Feng Lü".split()
)
PINYIN_SYLLABLES = (
    "jian guo zhi ming xiao hua wei qiang li na mei ling yu hong jun feng hai tao xin yi zi han rui bo wen jing "
    "yan fang guang "
    "sheng xue cheng long ping hui min qing shu zhen"
).split()
