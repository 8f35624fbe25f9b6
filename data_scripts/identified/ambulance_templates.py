"""Ambulance sheets, emergencies, accidents, referrals on the road."""

AMBULANCES = (
    "{clock}[接警|受理]，{place}[有人|一男子|一老人][倒地|坠落|触电|溺水]，[呼救|报警]人{person}{any_phone}。",
    "[地址|现场]：{place}，[门口|路口|桥下|三楼][有人接|{kinship}在等]，[目击|现场]者{person}。",
    "出车{clock} [到达|抵达]{clock} 上车{clock} 到院{clock} [车号|车牌]{plate} [医|随车医]{person} [护|护士]"
    "{person} [司|驾驶员]{person}",
    "[任务|流水|派车]单号{any_number}，[呼救|联系]{any_phone}，[送达|目的地]{short_hospital}。",
    "{plate}[小客车|货车|摩托|三轮|电动车][侧翻|追尾|坠沟]，驾驶[员|人]{person}[被卡|抛出]，副驾{person}[意识清|"
    "诉{A}痛]。",
    "{plate}与{plate}[相撞|刮擦]，伤者{person}、{person}、{person}[先后|分别]送{short_hospital}。",
    "[伤|病]者[无名|身份待查]，[口袋|衣兜]里[身份证|工牌]写{person}，[单位|]{employer}，[电话|拨]{any_phone}[通知|"
    "找到]{kin}。",
    "[伤票|腕带][号|]{any_number}：{person}，[红|黄|绿]区，{A}{N}，[止血带|夹板]{clock}。",
    "[转运|转院]单：{person}，{years}岁，{D}，[由|自]{short_hospital}[至|转]{hospital}，[护送|随车]{person}，[车|]"
    "{plate}，[交接|接收]{person}。",
    "[院前|现场]{doctor}[予|给]{G}{dose}，[吸氧|颈托]，{clock}[交|移交]急诊{doctor}、{nurse}。",
    "[直升机|救护飞机|高铁]转[运|院]：{person}，[起|始]{place}，[终|到]{place}，[机组|随行]{person}。",
    "[拒绝|放弃]送院：{person}本人[签字|]，[见证|在场]{person}，[嘱|告]{S}[随时|再]呼120。",
    "[家属|{kinship}]{person}[自驾|开]{plate}[送|拉]来，[停|堵]在急诊门口，[钥匙|车]由保安{surname}[师傅|队长]挪。",
    "[矿难|塌方|火灾|食物中毒|踩踏]伤员名单：{person}（[重|危]）、{person}（[轻|重]）、{person}（[亡|轻]）。",
    "[溺水|昏迷]儿童{pet}，[爷爷|父亲]{person}[捞起|抱来]，[现场|已]按压{two}分钟，{clock}自主[心跳|呼吸]恢复。",
    "[醉酒|斗殴]，自称{nickname}，[不配合|胡骂]，同伴{person}[留|给]{any_phone}，[民警|辅警]{person}到。",
    "[胸痛|卒中]绿道：{person}，[发病|症状]{clock}，[到门|进门]{clock}，[签|知情]{kin}，[团队|导管室]{doctor}、"
    "{doctor}。",
    "[狗咬|蛇咬|蜂蜇]伤：{person}，{place}，[狗主|畜主]{person}，[免疫|疫苗]本{any_number}。",
    "[无|否认]证件，[登记|建档]“无名氏[甲|{num}]”，[后|{clock}]{person}认出是{person}，[住|家在]{place}。",
    "[路人|网约车司机]{person}（{plate}）[送|捎]到[门口|急诊]即[离开|走]，[留|未留]{any_phone}。",
    "[站点|分站]{short_hospital}，[值班|车组]{person}/{person}/{person}，[里程|公里]{two}，[费用|收]{three}元。",
    "[调度|指挥]中心{person}：{place}[再|加]派一车，[联络|对讲]{surname}队长。",
    "于{place}[国道|高速|省道]{two}公里处[接|抢救]{person}，[GCS|血压]{num}[分|]，[液路|气道]通。",
    "[抢救|除颤]时在场：{doctor}、{nurse}、{nurse}、[担架|护工]{person}，[家属|旁观]{kin}。",
    "[死亡|到院已死亡]：{person}，[尸温|瞳孔][降|散大]，[通知|交]{agency}，[遗物|手表]由{person}[领|签收]。",
    "[收容|送]单位{agency}，[送|护送]人{person}，[病|伤]员{nickname}，{years}岁许，[虱|冻伤]。",
    "[预检|分诊]：{clock} {person} {sex_and} {years}岁 {S} {temp}℃ [红|黄|绿] {nurse}",
    "[火车|航班|大巴]上[突发|出现]{S}，[乘务|列车]长{person}，[座位|铺位]邻座{person}，[下车|到站]{place}。",
)
"""Calls, cars, crews, places where somebody was found."""
