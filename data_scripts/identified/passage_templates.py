"""Short records of all departments as a whole: several sentences each, with all that belongs to one event."""

PASSAGES = (
    "口腔科复诊：{person}，[后牙|左下]咬合痛{dur}，{doctor}开髓引流，根管测长{two}mm，[暂封|封药]后嘱{num}天来。"
    "[镍钛|根管]锉断针未见。[缴费|片号]{any_number}，[下次|约]{any_day}{clock}，仍找{surname}{short_title}。",
    "皮肤科：{person}（{job}，{years}岁）[双手|躯干]起疹{dur}，[夜间|遇热]痒甚，同寝{person}亦有，考虑[疥疮|湿疹]。"
    "{G}外用，衣被烫洗。[照片|镜检]存{any_number}。{surname}",
    "眼科日间：{any_day}收{person}，[左|右]眼白内障超乳，人工晶体+{two}.5D，术者{doctor}，术后[第一天|次晨]"
    "视力0.{num}，眼压{two}。陪人{kin}，{any_phone}，[已|]嘱勿揉眼。",
    "耳鼻喉急诊：{clock}，{kinship}{person}抱来，{pet}吞下[纽扣电池|硬币|鱼刺]，{doctor}喉镜下取出，{A}黏膜[白|"
    "烧灼]，留观，家在{place}，父亲{person}[在赶来路上|签字]。",
    "{person}，女，{years}岁，停经{two}天，阴道流血，{short_hospital}B超未见孕囊。HCG{three}。{doctor}与{doctor}"
    "看过，[宫外孕|流产]待排，{any_bed}观察，丈夫{person}出差，号码{any_phone}，[由|请]婆婆{person}陪。",
    "新生儿科[探视|沟通]：{person}之[子|女]，胎龄{two}周，{three}0g，[无创|箱氧]，奶{num}ml q3h。父{person}送母乳，"
    "编号{any_number}。{surname}{short_title}：[黄疸|呼吸暂停]见少，{any_day}复查头颅B超。",
    "康复大厅：上午{person}站立床{two}度{two}分钟，治疗师{person}；下午{person}做[手功能|吞咽]训练，{person}跟练。"
    "{kin}学会了转移，[拍|发]视频给{surname}{short_title}看。",
    "肿瘤科[日间|门诊]：{person}第{num}周期{G}，[PICC|输液港]维护{nurse}，外周静脉[红|肿]，{doctor}来看，改{G}"
    "{dose}。{person}邻床，[劝|聊]他吃饭。带药回{place}，血象[周四|三天后]由村医{surname}{called}抽。",
    "血液科：{person}诊断{D}第{num}个月，供者[弟|姐]{person}[HLA全合|半相合]，采集{any_day}，[CD34|单个核]{num}"
    ".{num}，[回输|进仓]{any_day}，{nurse}全程，{person}签收。[仓位|床]{any_bed}。",
    "感染科：[发热|皮疹]{num}天的{person}，[自|从]{place}[放羊|回来]，虎红（+），疾控{person}来抽血，"
    "标本{any_number}；同村{person}、{person}也在[治|查]。{G}{num}周，{surname}{short_title}随访。",
    "骨科夜班：{clock}{person}由{plate}[出租|面包]车送到，[开放|闭合]骨折，{doctor}清创，{doctor}打外架，"
    "血管{surname}{short_title}会诊。{kinship}{person}[交|欠]押金。X片{any_number}。{nurse}记",
    "烧伤科：{place}[鞭炮|煤气]事故，{person}{two}%、{person}{two}%、{person}轻。{doctor}收前二人，后者由{agency}"
    "{person}接走。[补液|切痂]后{person}尿{two}ml/h，{person}已插管。",
    "神外ICU：{any_bed}{person}，去骨瓣后第{num}天，颅压{two}，瞳孔{num}mm，{doctor}调甘露醇，{nurse}吸痰{num}次。"
    "{kin}每天{clock}探视，[放|带]录音，叫“{nickname}”时眼皮会动。",
    "心内：{person}胸痛{num}h，{short_hospital}溶栓未通，{plate}转来，D2B {two}min，{doctor}、{doctor}开通LAD，"
    "{nurse}压迫桡动脉。家属{kin}[签|在场]。住{any_bed}。{any_day}{clock}。",
    "呼吸门诊：{person}吸烟{two}年，在{employer}[打磨|喷砂]{two}年，FEV1 {two}%。{doctor}[劝|嘱]戒烟，{kin}说[家里|"
    "车上]还抽。肺功能号{any_number}。[噻托溴铵|舒利迭]教会，{surname}药师签。",
    "肾内：{person}腹透{num}年，管子是{any_day}在{short_hospital}{surname}{short_title}放的，换液员{kin}，近{num}"
    "天浊，{L}{val}。{doctor}[经验|腹腔]用{G}，流出液编{any_number}送细菌室{person}。",
    "内分泌科示教：{person}（1型，{years}岁）、{person}（2型）、{person}（妊娠）三例，主讲{doctor}，[泵|饮食]"
    "由{nurse}示范，{person}问胰岛素能否冷冻，[答|{doctor}答]不能。",
    "消化内镜：{clock}{person}，{clock}{person}，{clock}{person}[迟到|改期]；操作{doctor}，麻醉{doctor}，护{nurse}"
    "。{person}取{A}{num}块，瓶{any_number}。{person}恢复室呕吐，{nurse}看护，{kin}接回{place}。",
    "风湿科：{person}从{place}来，[晨僵|口干]{dur}，手指照片是{kinship}{person}拍的。{doctor}[疑|考虑]{D}，"
    "抽血{num}管，条码{any_number}，[钱|费用]不够，{person}老乡{person}垫的。",
    "老年科：{surname}{called}{old_age}，{kin}、{kin}轮流，[夜间|黄昏]喊{nickname}（[亡妻|早逝的弟弟]），扯输液。"
    "{doctor}停{G}，换靠窗{any_bed}，[护工|保姆]{nickname}陪。",
    "安宁疗护：{person}说想回{place}看看，{kin}[哭|答应]。{doctor}把吗啡换贴剂，社工{person}联系车{plate}，"
    "志愿者{person}随行，{any_day}{clock}到家，{any_day}夜安然离世，{kin}来电{any_phone}道谢。",
    "家庭医生：{any_day}上门{place}，{person}（{age}）换尿管F{two}，{kin}备水，血压{pressure}。[脚跟|骶尾]红{num}"
    "cm，教{kinship}{person}翻身。下回{surname}{called}去，钥匙在{nickname}处。",
    "体检中心回访：{employer}{person}（{any_number}）{A}结节，[已|]告本人；同批{person}（{any_number}）血糖{two}"
    ".{num}，电话{any_phone}是前台{person}接的，[转|答应]告。{nurse}",
    "预防保健：{pet}{num}月，{L}{val}，[卡|接种证]{any_number}，妈妈{person}问[流感|五价]能否同打，接种{person}"
    "答可，[左|右]臂，留观{clock}走。迁自{place}，旧证{short_hospital}发。",
    "法医门诊：{person}诉{any_day}在{place}被{person}、{person}拳击，鼻骨CT{any_number}。陪同民警{person}。"
    "检查{doctor}，照相{person}。[牙|耳]另约{surname}{short_title}。",
    "职业病科：{employer}{num}人筛查，{person}尿铅{three}，{person}、{person}边缘，{person}[拒|未]采。厂医{person}"
    "带队，车{plate}。驱铅在{any_bed}，{surname}科长{any_phone}要名单。",
    "戒毒门诊：{person}，[美沙酮|丁丙诺啡]{two}ml，服药卡{any_number}，漏{num}次，[尿检|心理]{person}。女友{person}"
    "陪，{agency}{surname}警官[来电|来问]，未予。",
    "高压氧舱：上午一舱{person}、{person}、{person}、{person}，操舱{nurse}，{clock}加压；{person}耳痛，{doctor}"
    "嘱减速。打火机由{nickname}收走。舱次{any_number}。",
    "核医学：{person}[碘131|骨显像]，{any_number}，给药{nurse}{clock}，隔离{any_bed}，同室{person}。家有孕妇{kin}，"
    "[暂|]住{place}亲戚家。{doctor}／{person}",
    "营养会诊：{any_bed}{person}，BMI {two}，白蛋白{two}，[口服|鼻饲]{three}0kcal。{kin}偷喂[饺子|汤圆]，呛一次。"
    "营养{person}与{nurse}重定，{doctor}同意。",
    "药学查房：{doctor}组{person}用{G}与{G}，[CYP|QT]冲突，药师{person}建议停后者；{person}万古谷浓{two}；{person}"
    "自带{recipe}，已收{nurse}柜。",
    "输血科夜：{clock}急诊{person}要O型{num}U，无；血站{person}调，{plate}{clock}到。配血{person}，袋号{any_number}"
    "、{any_number}。取血{nickname}，{nurse}、{nurse}双核，{person}体温{temp}。",
    "病理科：{any_number}蜡块破，{person}重包；{any_number}（{person}）深切，{doctor}见{D}；{any_number}（{person}"
    "）寄{short_hospital}{surname}{short_title}会诊，快递{person}签收，{any_day}。",
    "检验科：{clock}{person}送{any_bed}{person}、{any_bed}{person}两管，标签贴反，{nurse}承认。重抽。{L}{val}，"
    "{person}复，报{doctor}。",
    "设备科：呼吸机报[电池|氧传感]，{person}修；监护仪借{dept}{surname}护士长，借条{any_day}；{any_bed}{person}"
    "换机时氧饱无降，{nurse}在。",
    "病案室：{person}持{other_id}来调{any_day}病历（{any_number}），封存件，须{surname}科长、{person}双签。"
    "邮寄{place}，{any_phone}。{person}经办",
    "医患办：{kinship}{person}、{kinship}{person}[围|找]{doctor}理论，保安{surname}队长、民警{person}劝开，{person}"
    "主任谈两小时，{agency}{person}调解，{any_day}再议。",
    "门诊收费：{person}医保{insurance}[锁卡|余额不足]，{person}代付{three}元；{person}退号；{person}假币一张，"
    "登记{any_number}，{surname}会计处理。",
    "[产科|爱婴]区：{any_bed}{person}奶胀，{nurse}通乳；{any_bed}{person}顺，宝宝{nickname}五斤八两；{any_bed}"
    "{person}侧切{num}针，{kin}问出生证，{person}答带{passport}或身份证{id}。",
    "妇科门诊：{person}、{person}母女同来，母{years}岁[脱垂|绝经后出血]，女[痛经|备孕]。{doctor}看母，{doctor}"
    "看女。TCT {any_number}。[大女儿|小女]{person}在{place}取结果。",
    "儿外：{pet}（大名{person}）[疝|阑尾]术后第{num}天，排气，奶奶{person}喂了米汤，{doctor}说行。爸{person}、"
    "妈{person}轮夜，{any_bed}加陪{num}。",
    "泌尿：{person}碎石后{A}痛，{clock}{nurse}叫{doctor}，[双J管|尿管]通畅，{G}{dose}缓。同屋{person}、{person}[说|"
    "讲]他[憋尿|偷喝酒]。出院回{place}，{any_day}拔管找{surname}{short_title}。",
    "胸外：{person}肺叶切后漏气，{doctor}接负压，{doctor}主张再开。{kin}不肯，{kin}肯。讨论{doctor}、{doctor}、"
    "{surname}{short_title}，结论观察{num}天。瓶液{three}ml，{nurse}。",
    "血管外科：{person}[截肢|取栓]，左足[黑|冷]{dur}，{short_hospital}只给{recipe}。{doctor}谈，{kin}按印，{person}"
    "见证。轮椅由{agency}捐，{person}送到{any_bed}。",
    "疼痛科：{person}带状疱疹{dur}，{doctor}椎旁[阻滞|射频]，{nurse}配药，{person}（{years}岁，{kinship}）扶走。"
    "NRS {num}降{num}，{any_phone}随访{person}。",
    "中医馆：{person}脉弦，{doctor}开{recipe}加{recipe}{two}g，{num}付，抓药{person}，煎药号{any_number}。"
    "前医{surname}{called}（{place}人）用附子{two}g，{person}嫌热。",
    "睡眠监测：{any_bed}{person}，AHI {two}，[技师|整夜]{person}，{clock}{person}摘线，重贴。报告{doctor}，"
    "片{any_number}，{kin}打呼更响。",
    "生殖中心：{person}/{person}第{num}周期，取卵{two}，胚胎{any_number}冻{num}枚，实验室{person}、{person}双核。"
    "{doctor}[定|拟]{any_day}移植。联系女方{any_phone}，男方{any_phone}。",
    "急诊留观：{any_bed}{person}洗胃后醒，农药是{kinship}{person}的，吵架起因{person}。{doctor}阿托品{num}mg，"
    "{nurse}看。{clock}{kin}、{kin}到，{place}来，骑{plate}摩托。",
    "120中心：{clock}{place}一氧化碳，{person}昏、{pet}醒、{person}亡。车组{person}/{person}/{person}，{plate}，"
    "{clock}抵{short_hospital}，高压氧{surname}{short_title}接。",
    "方舱日志：{any_day}，{any_bed}{person}转阴，{any_bed}{person}哮喘发作，{any_bed}{nickname}教大家打拳。"
    "医{person}，护{person}，保洁{nickname}，电工{surname}{called}修灯。",
    "援藏巡诊：{place}，{minority}（{years}岁）包虫，{minority}骨关节，{minority}抱{minority}来看耳。翻译{minority}"
    "，B超{person}，药{person}发，{plate}陷泥，{minority}用牦牛拉出。",
    "国际门诊：{foreigner}，护照{passport}，[商务|留学]，{S}{dur}。陪{foreigner}、{person}。{doctor}英文书写，"
    "保险{insurance}，{mail}收账单，住{place}。",
    "监狱医院：{person}（{any_number}）由狱警{person}、{person}押，[绝食|吞刀片]，{doctor}胃镜取出，脚镣未卸，"
    "{any_bed}。{agency}{surname}科长签保密。",
    "学校晨检：{school}{person}、{person}、{person}腮腺肿，校医{person}报，班主任{person}通知家长{any_phone}、"
    "{any_phone}，停课{num}天，{surname}校长知。",
    "养老院：{agency}{any_bed}{person}{old_age}不吃，{any_bed}{person}{old_age}打人，{any_bed}{person}{years}"
    "岁骨折后。巡{doctor}，记{nurse}，院长{surname}{called}陪，{kin}视频。",
)
"""One event each, told as such records tell it."""
