"""The terms from which `sample_generator.py` composes its records, by dictionary list; put together for this project.

Most are compositions (site + finding, site + operation, syllables of drug names), many of which exist nowhere. Opaque
abbreviations abound on purpose: what CRP or PCI is can only be known, not seen.
"""

from itertools import product

_SITES = (
    "胃窦 胃底 贲门 幽门 十二指肠 回盲部 升结肠 降结肠 乙状结肠 直肠 肝右叶 肝左叶 胆囊 胆总管 胰头 胰尾 脾脏 "
    "左肾 右肾 输尿管 膀胱 前列腺 子宫 左卵巢 右卵巢 左肺上叶 左肺下叶 右肺上叶 右肺中叶 气管 纵隔 心包 左心房 "
    "右心室 主动脉 颈动脉 股静脉 甲状腺 腮腺 扁桃体 鼻窦 中耳 角膜 额叶 颞叶 小脑 脑干 胸椎 腰椎 骶骨 左膝 右膝 "
    "左髋 右肩 左踝 右腕 跟腱 乳腺"
).split()
_SURFACES = (
    "头部 额部 颞部 枕部 颈部 咽部 胸部 胸骨后 心前区 肋缘下 上腹部 中腹部 下腹部 脐周 麦氏点 腹股沟 腰背部 "
    "骶尾部 会阴部 左上肢 右上肢 左下肢 右下肢 双下肢 足背 足底 指端 肩背部 双肺 双肾区 肝区 全身皮肤 口唇 眼睑 "
    "巩膜 舌面 牙龈 外耳道 球结膜 胫前 腘窝 腋窝 虎口 手背 掌心 眉弓 颧部 乳突 鼻翼 跟部 股内侧 臀部 锁骨上窝 "
    "甲床 耳廓 腹壁 阴囊 肘窝 髂窝 项背"
).split()

ANATOMY = [*_SITES, *_SURFACES]

_COMPLAINTS = (
    "咳嗽 咳痰 咯血 胸闷 气促 心悸 发热 寒战 盗汗 乏力 纳差 恶心 呕吐 反酸 嗳气 腹胀 腹泻 便秘 黑便 便血 呕血 "
    "头晕 头痛 耳鸣 视物模糊 复视 黑矇 失眠 嗜睡 烦躁 抽搐 晕厥 言语不清 吞咽困难 饮水呛咳 口角歪斜 行走不稳 "
    "肢体麻木 尿频 尿急 尿痛 血尿 少尿 夜尿增多 多饮 多食 口干 消瘦 皮疹 瘙痒 关节痛 晨僵 腰酸 畏寒 声嘶 鼻塞 "
    "流涕 打鼾 流涎 呃逆 里急后重 端坐呼吸 怕热 手抖 健忘 跛行 腹痛 胸痛 背痛 牙痛 咽痛 潮热 心慌 懒言 厌油 齿衄 "
    "鼻衄 口苦 目眩 肠鸣 遗尿 自汗 痞满 泛酸 干呕 喘息 夜惊 幻听 失语 麻木 震颤 憋气 哮鸣 浮肿 溢乳 脱发 起疱 "
    "脓痰 腿软 面瘫 眼干 视力下降 听力减退 体重下降 大汗 咽异物感"
).split()

SIGNS = (
    "压痛 反跳痛 叩击痛 肿胀 水肿 红肿 畸形 湿啰音 干啰音 瘀斑 充血 黄染 苍白 紫绀 肌紧张 皮下结节 震颤 静脉曲张 "
    "渗出 破溃 色素沉着 活动受限 疼痛 麻木 包块 波动感 擦伤 血肿 捻发感 皮温升高"
).split()

DUAL = "贫血 黄疸 腹水 胸腔积液 低血糖 心律不齐 肝大 蛋白尿 脑萎缩 低钾血症 肠梗阻 尿潴留".split()
"""Diseases or symptoms, by wording; annotators do not always agree."""

SYMPTOM = [*_COMPLAINTS, *SIGNS]

_FINDINGS = "炎 囊肿 结石 息肉 占位 结核 梗死 脓肿 溃疡 狭窄 憩室 腺瘤 血管瘤 撕裂 钙化".split()
_DISEASES = (
    "高血压 冠心病 糖尿病 痛风 哮喘 支气管扩张 肺气肿 肺心病 心力衰竭 房颤 脑梗塞 脑出血 癫痫 帕金森病 偏头痛 "
    "眩晕症 银屑病 湿疹 荨麻疹 带状疱疹 红斑狼疮 干燥综合征 硬皮病 强直性脊柱炎 骨质疏松 椎管狭窄 滑膜炎 "
    "肾病综合征 尿毒症 甲亢 甲减 桥本病 肝硬化 脂肪肝 胆石症 胃食管反流 肠易激 克罗恩病 痔 肛瘘 疝气 白内障 "
    "青光眼 鼻窦炎 中耳炎 梅尼埃病 白塞病 川崎病 格林巴利 雷诺病 肺栓塞 脓毒症 败血症 血友病 紫癜 骨髓瘤 淋巴瘤 "
    "白血病 腺肌症 子痫 佝偻病 百日咳 麻疹 水痘 疟疾 伤寒"
).split()
_DISEASE_ABBREVIATIONS = (
    "COPD AF CHD RA SLE GERD PTE DVT TIA OSAS CKD ARDS DIC BPH ITP MDS AML PCOS ASD VSD T2DM GDM AKI UTI HLH ALS "
    "MG PBC NAFLD"
).split()
DISEASE = [*_DISEASES, *_DISEASE_ABBREVIATIONS, *(site + finding for site, finding in product(_SITES, _FINDINGS))]

_EXAM_ABBREVIATIONS = (
    "CT MRI ECG EEG EMG DSA B超 CTA MRA TCD UCG ERCP PET-CT SPECT OGTT EUS BMD PSG MRCP IVP CTU HRCT FFDM HSG ABI FeNO"
).split()
_EXAMS = (
    "胸片 心电图 脑电图 肌电图 胃镜 肠镜 支气管镜 喉镜 膀胱镜 骨髓穿刺 腰穿 心脏彩超 腹部彩超 血管造影 肺功能 "
    "动态血压 睡眠监测 眼底照相 听力图 骨密度 裂隙灯 直腿抬高试验 墨菲征 巴氏征 浮髌试验 四字试验 闭目难立征 "
    "冷热试验 泪液分泌试验 布氏征"
).split()
_SITE_EXAMS = [site + method for site, method in product(_SITES, ("CT", "MRI", "彩超", "造影", "活检"))]
EXAM = [*_EXAM_ABBREVIATIONS, *_EXAMS, *_SITE_EXAMS]

CHARGE_ITEMS = (
    "WBC RBC HGB PLT CRP PCT ESR BNP ALT AST GGT ALP TBIL ALB BUN Cr UA GLU HbA1c TG TC LDL HDL TSH FT3 FT4 INR "
    "APTT PT FIB CK CK-MB cTnI LDH AFP CEA CA125 CA199 PSA Na+ K+ Ca2+ pH PaO2 PaCO2 SAA ASO RF ANA FER 血常规 "
    "尿常规 便常规 肝功能 肾功能 血脂 血糖 电解质 凝血四项 血气分析 心肌酶 肌钙蛋白 D-二聚体 降钙素原 甲功 "
    "肿瘤标志物 乙肝五项 血沉 血型 尿蛋白定量 大便隐血 痰培养 血培养 真菌试验 抗核抗体 补体 淀粉酶 脂肪酶 铁蛋白 "
    "同型半胱氨酸 血氨 乳酸"
).split()

_DRUGS = (
    "阿司匹林 氯吡格雷 阿托伐他汀 硝苯地平 美托洛尔 缬沙坦 呋塞米 螺内酯 二甲双胍 胰岛素 奥美拉唑 雷贝拉唑 "
    "莫沙必利 头孢曲松 阿奇霉素 左氧氟沙星 甲硝唑 氨溴索 沙丁胺醇 布地奈德 甲泼尼龙 地塞米松 华法林 低分子肝素 "
    "丹参 银杏叶 甲钴胺 谷胱甘肽 葡萄糖 氯化钾 生理盐水 布洛芬 曲马多 吗啡 地西泮 氯雷他定 碳酸钙 铁剂 云南白药 "
    "藿香正气水"
).split()
_DRUG_ABBREVIATIONS = ("rt-PA PPI ACEI NSAIDs 5-ASA MTX CTX VitC VitB12 ATP GIK 5-FU G-CSF IVIG EPO NTG").split()
_SYLLABLES = ("瑞 洛 康 欣 倍 安 泰 舒 赛 维 莱 诺 达 菲".split(), "平 洛 坦 林 替 拉 唑 宁 松 苏 乐 芬 尼 定".split())
_MADE_UP = [a + b + c for (a, b), c in product(product(*_SYLLABLES), ("", "片")) if a != b][::3]
DRUG = [*_DRUGS, *_DRUG_ABBREVIATIONS, *_MADE_UP]

_OPERATION_ABBREVIATIONS = (
    "PCI CABG TURP EVLT ESD EMR TACE RFA PEG TIPS CRRT ECMO PTCD LC POEM IABP VATS PKP TKA THA"
).split()
_OPERATIONS = (
    "清创缝合 石膏固定 牵引 针灸 推拿 拔罐 雾化 鼻导管吸氧 胃肠减压 留置导尿 高压氧 红外线照射 血液透析 腹腔引流 "
    "胸腔闭式引流 气管插管 输血 放疗 化疗 康复训练 中药熏洗 心肺复苏 电复律 起搏器植入 支架置入 截肢 剖宫产 引产 "
    "清宫 包皮环切"
).split()
_SITE_OPERATIONS = [site + act for site, act in product(_SITES, ("切除术", "修补术", "探查术", "成形术"))]
OPERATION = [*_OPERATION_ABBREVIATIONS, *_OPERATIONS, *_SITE_OPERATIONS]

MODIFIERS = {
    "D": "急性 慢性 左侧 右侧 陈旧性 继发性 轻度 重度 复发性".split(),
    "S": "反复 阵发性 持续性 轻度 明显 间断 进行性 轻微".split(),
    "A": "左侧 右侧 双侧 局部".split(),
}
"""Words before a term that annotators count in or leave out."""

LISTS = {
    "disease": DISEASE,
    "anatomy": ANATOMY,
    "symptom": SYMPTOM,
    "exam": EXAM,
    "charge_items": CHARGE_ITEMS,
    "drug": DRUG,
    "operation": OPERATION,
}

LIST_OF_KIND = {
    "D": "disease",
    "A": "anatomy",
    "S": "symptom",
    "E": "exam",
    "L": "charge_items",
    "G": "drug",
    "O": "operation",
}
"""The list of each kind of term, by the letter that templates have for it."""
