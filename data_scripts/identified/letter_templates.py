"""Letters between institutions, to patients and firms; certificates, complaints."""

LETTERS = (
    "兹有[我院|本院|我处|我乡]患者{person}，{sex_and}，{years}岁，[因|患]{D}，[前往|转至]{short_hospital}[就诊|"
    "进一步治疗]，请[接洽|予以协助]。",
    "兹[证明|介绍]{person}[同志|]系[我单位|我院|本公司]{job}，身份证[号|]{other_id}，[前来|特来]办理[病历复印|"
    "住院结算|工伤认定]事宜。",
    "[贵司|贵公司|贵局|贵院|贵所]{any_day}[来函|发函]收悉，[所询|查询]{person}（[证件|身份证]{other_id}）[就诊|"
    "住院]情况[答复|回复]如下。",
    "致{agency}：",
    "致{short_hospital}{dept}{surname}{short_title}：",
    "[尊敬的|]{person}[先生|女士|家长|同志]：[您好！|您|]",
    "[尊敬的|敬爱的]{surname}{called}、{surname}{called}：",
    "{agency}[负责同志|领导|有关科室]：",
    "收件人~{person}  [电话|手机]~{any_phone}  [地址|寄往]~{place}",
    "寄[件人|自]~{person}（{short_hospital}）{any_phone}  [收|到]~{person} {address}",
    "[寄|邮寄|快递至]：{address}　{person}[收|先生收|女士亲收|（收）]",
    "[此|特此][复|函复|函告|证明|通知]。{hospital}{dept}　{any_day}",
    "[联系|经办|承办]人：{person}，[电话|座机|手机]：{any_phone}，[传真|邮箱]：[{landline}|{mail}]。",
    "[查|经查|核]{person}于{any_day}至{any_day}[在|于]我院{dept}住院，[病案|住院]号{record}，[诊断|出院诊断]{D}。",
    "[今|现]介绍{person}到[贵处|贵科]行{O}，[此前|曾]在{short_hospital}[做过|用过]{G}，[烦请|拜托]{surname}{called}"
    "[费心|多关照]。",
    "本人{person}[委托|授权]{person}（[身份证|证件]{other_id}，[系|为]本人{kinship}）[代为|全权]办理[复印|领取|理赔]。",
    "[我叫|我是]{person}，今年{years}岁，住{place}，[想|要]反映{any_day}在{short_hospital}{dept}[看病|住院]的[遭遇|"
    "经过]。",
    "[投诉|反映|信访]人{person}，[被投诉|涉及]{dept}{surname}[医生|护士]，[诉求|要求]：[道歉|退费|解释]，[电话|"
    "回访]{any_phone}。",
    "[经|已]约谈{person}、{person}，[双方|医患]达成[谅解|一致]，[医患办|投诉办]{person}[记录|在场]。",
    "{surname}[大夫|医生|护士]态度[差|不耐烦]，[扔|摔]了我{kinship}{person}的[病历|药]，[旁边|当时]{surname}"
    "{called}可以作证。",
    "[表扬|感谢]信：我{kinship}{person}[住院|手术]期间，{dept}的{person}[医生|大夫]、{person}[护士|]和{surname}"
    "{called}[无微不至|不收红包]。",
    "[锦旗|牌匾]落款：[患者|家属]{person} [敬赠|全家敬赠] {any_day}",
    "[答复|回复]{person}[先生|女士]：您[所提|反映]{clock}输液[等候|外渗]问题，[经|已由]{person}护士长[核查|整改]。",
    "[保险|理赔]调查：被保险人{person}，保单号{insurance}，[既往|投保前]{any_day}在{short_hospital}[诊断|治疗]{D}。",
    "[我司|本公司]{employer}[职工|员工]{person}于{any_day}[受伤|晕倒]，[现|烦请]出具[诊断|休假]证明。",
    "[关于|为]{person}同志[伤残|病退|工伤|职业病]鉴定[一事|的函]：[诊断|结论]{D}，[级别|等级]{ordinal}级。",
    "[介绍信|转诊函] {agency}盖章 [持信|来]人{person} [有效|限]{num}日",
    "[催款|欠费]通知：{person}（{any_bed}，{record}）欠{three}0元，[请|望]{kinship}{person}[尽快|于{month_day}前]"
    "补交。",
    "[体检|检查]报告请寄{place}{person}，[或|也可]发{mail}，[编号|条码]{any_number}。",
    "[发件|From]：{person} <{mail}>\n[收件|To]：{mail}\n[主题|内容]：[复诊|报告]咨询，{S}{dur}。",
    "[您|贵子女]{person}的[筛查|复查]结果[异常|需复查]，请于{any_day}前携[本函|此单]到{short_hospital}{num}楼，"
    "[咨询|预约]{any_phone}。",
    "[休学|复学|免体]证明：{school}学生{person}，{any_day}因{D}[住院|就诊]，建议[休学|免体育]{num}月。{doctor}",
    "[司法|医疗]鉴定委托：[委托|送鉴]方{agency}，被鉴定人{person}，{sex_and}，{any_day}生，[案由|事由]{any_day}"
    "被{person}[打|撞]伤。",
    "[函件|回执]编号{any_number}，[签收|回执]{person}，{any_day}[送达|邮寄]。",
    "[遗失|作废]声明：{person}[遗失|丢失]{short_hospital}[票据|出生证]{any_number}，[声明|登报]作废。",
    "[死者|逝者]{person}，{sex_and}，{age}，[生前|户籍]住{address}，{any_day}{clock}[因|死于]{D}[死亡|]，[填|开]"
    "证{doctor}。",
    "[死亡|殡葬]证明[号|编号]{any_number}，[申领|办理]人{person}（{kinship}），[电话|]{any_phone}，[火化|遗体]"
    "{agency}接走，[车|车号]{plate}。",
    "出生医学证明[编号|编码]{any_number}，新生儿{person}，母{person}，父{person}，[出生|娩出]{any_day}{clock}，"
    "[接生|助产]{person}。",
    "[救助|流浪]人员[自称|登记名]{nickname}，[疑|口音]{place}人，请{agency}[核查|寻亲]，[我院|病区]联系人{person}"
    "{any_phone}。",
    "[社区|居委会]{surname}主任：[贵辖区|你处]居民{person}[已|于]{any_day}[好转|]出院，[请|望]督[促|导]服药，[责任|"
    "随访]医生{person}。",
    "[退|换]药申请：{person}，[处方|发票]号{any_number}，[拆|未]封{G}[二|一]盒，[批准|同意]{person}。",
    "[此致|敬礼]\n{person}\n{any_day}",
    "[祝|顺颂][您|][早日康复|春安]！{short_hospital}[健康管理中心|{dept}]　{person}",
    "[材料|原件|复印件]请[寄|发]{agency}{person}，[电子版|扫描件]{mail}，[截止|限]{date}。",
    "[自|从]{date}至{date}，{person}[因|患]{D}在{hospital}住院[{two}天|]，[特此|]证明。{doctor} {date}",
    "[贵处|贵科]{date}所发会诊[邀请|函][已|]收，[派|由]{doctor}{title}[前往|线上参加]，[联系|回执]{mail}。",
    "{hospital}\n{date}",
    "[不良事件|药品不良反应]上报：{date}{clock}，{any_bed}{person}[用|输]{G}后{S}，[上报|填表]{person}，[邮箱|]"
    "{mail}。",
    "[招募|入组]咨询：{person}，{mail}，{any_phone}，[符合|待查]{D}，[回复|记录]{date}。",
    "[持|凭]介绍信人{person}（{other_id}），[代|替]{kinship}{person}（{id}）[取|办][病历|死亡证明]，请[予以|给予]"
    "方便。{agency}",
    "[公安|法院]协查：{person}，{id}，[是否|何时]在{short_hospital}[就诊|住院]，[请|盼]复{person}{any_phone}。",
)
"""Openings, bodies and ends of letters."""
