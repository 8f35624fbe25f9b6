"""Forms: vaccination, dialysis, childbirth, blood bank, health checks, certificates, trials, registers."""

FORMS = (
    "[接种证|接种卡|预防接种证][号|编号|]~{any_number}  儿童~{person}  [母|父|监护人]~{person}",
    "[儿童|受种者]：{person}[，|/]{any_day}[生|出生]，[第{num}剂|加强][麻腮风|百白破|乙肝|流感|狂犬疫苗]，接种[者|"
    "人]{person}，[批号|疫苗追溯码]{any_number}",
    "[下次|下一针]接种~{any_day}  [单位|门诊]~{short_hospital}  [电话|]~{any_phone}",
    "[异常反应|AEFI]个案[编码|编号]{any_number}：{person}，[接种后|]{two}小时{S}，[报告|填报]{person}，{any_day}",
    "[透析|血透|腹透][档案|编号|病历]~{any_number}  {person}  [班次|机号][一|二|三|{num}]  责护~{nurse}",
    "{person} [上机|下机]{clock} [干体重|超滤]{two}.{num} [内瘘|长期管] [穿刺|上机]者{nurse} [核对|巡视]{nurse}",
    "[周一三五|周二四六][上午|下午]班：{person}、{person}、{person}，[机位|床]{any_bed}、{any_bed}",
    "[孕妇|产妇]{person}，[建册|保健册|围产]号{any_number}，末次月经{any_day}，预产期{any_day}，[夫|丈夫]{person}"
    "{any_phone}",
    "{person}之[子|女|婴]，[母婴|脚印|新生儿]条码{any_number}，{any_day}{clock}[娩出|出生]，{three}0g，[接产|助产]"
    "{person}，[台下|巡回]{person}",
    "[产房|待产]：{person}宫口开{num}cm，{person}[已破膜|规律宫缩]，[主|副]班{nurse}",
    "[献血证号|献血证|献血码|血袋号|供血者编号]~{any_number}  [血型|]O+  [供者|献血者]~{person}",
    "[发血|取血]：{person}／{person}　{any_day} {clock}　受血者{person}（{any_bed}）",
    "[交叉|配血]单{any_number}：{person} [A|B|O|AB]型[RhD+|] 红细胞{num}U，[配血|复核]{person}",
    "[体检|健检][编号|号|流水]~{any_number}  {person}  {sex_and}  {years}  单位~{employer}",
    "[结论|主检]：{D}，[建议|复查]{E}。主检[医师|]~{person}  {any_day}",
    "[学籍|学号|班级]~{any_number}  {person}  [视力|龋齿][左5.{num}|{num}颗]  [校医|检查者]~{person}  {school}",
    "[从业|健康证][编号|]~{any_number}  {person}  [发证|单位]~{short_hospital}  [有效|至]~{any_day}",
    "[病案袋|档案盒|病历袋|资料袋][号|]~{any_number}  {person}  [共|计]{two}页  [整理|装订]~{person}",
    "[胶片|片袋|光盘|底片][号|编号]~{any_number}  {person}  [取片|借阅]人~{person}（{kinship}）",
    "[登记流水|序号|排队号|取号][ |~]{any_number}  {person}  {dept}  {surname}{short_title}",
    "[条码|标本条码|管号|采样管][ |~]{any_number}  {person}  {sex_and}  [采|采样]{nurse}{clock}",
    "[受试者|筛选|入组|随机]号~{any_number}  [缩写|姓名]~{person}  [研究者|主要研究者]~{doctor}  [CRC|协调员]~{person}",
    "[传染病|死因|肿瘤]报卡~{any_number}  {person}  [发病|诊断]日~{any_day}  现住~{place}  [报告|填卡]人~{person}",
    "[慢病|家庭病床|居家]档案~{any_number}  {person}  {age}  [签约|责任]医生~{person}  {place}",
    "[伤残|残疾]证[号|]~{any_number}  {person}  [类别|等级][肢体|精神]{ordinal}级  [评定|医师]~{person}",
    "[工伤|职业病]登记~{any_number}  {person}  {employer}  [工种|]{job}  [接尘|工龄]{two}年",
    "[麻醉|手术]单~{any_number}  {person}  {O}  [主麻|麻醉]~{doctor}  [副麻|]~{doctor}",
    "[毒麻|麻精]药[处方|专册]~{any_number}  {person}  [代办|取药]人~{person}  证件~{other_id}  [发药|复核]~{person}",
    "[出生|死亡]证[存根|副页][号|]~{any_number}  {person}  {any_day}  [签发|经办]~{person}",
    "[遗体|器官]捐献[登记|志愿]号~{any_number}  {person}  [执行|受托]人~{person}（{kinship}）{any_phone}",
    "[冷冻|胚胎|精液|ICSI][编号|管号]~{any_number}  [女|妻]~{person}  [男|夫]~{person}",
    "[助听器|假牙|假肢]订单~{any_number}  {person}  [取|试]戴~{any_day}  [技师|制作]~{person}",
    "[过敏原|皮试|DOT|督导]卡~{any_number}  {person}  [观察|督导]者~{person}  {any_day}",
    "[入境|核酸|流调]登记~{any_number}  {person}  [护照|证件]~{passport}  [航班|车次]另页  [目的地|住]~{place}",
    "[请假|外出]条：{any_bed}{person}，{any_day}{clock}至{any_day}，[去|回]{place}，[同行|担保]{person}，[批|批准]"
    "{surname}{short_title}",
    "[物品|贵重物品]寄存：{person}，[戒指|现金]，[经手|保管]{nurse}、{nurse}，[取|领回]{person}",
    "[押金|预交金]收据~{any_number}  [交款|付款]人~{person}  [病人|]{person}  {three}0元  [收款|]~{person}",
    "[查房|交接|签到]：{person}　{person}　{person}　{person}",
    "[护照|通行证]~{passport}  {foreigner}  [国籍|国别]略  [翻译|陪同]~{person}",
    "[社保|医保|参合]~{insurance}  {person}  [代办|经办]~{person}  {any_phone}",
)
"""Lines of forms, each with the number and the people that such a form has."""
