"""Telephone notes, messages, notes left on a desk."""

CALLS = (
    "[{any_day} |]{clock} [打|拨]{any_phone}，[{kin}接|占线|无人接|关机|是空号]，[改|再]打{any_phone}，[{person}"
    "接的|通了]。",
    "喂，[您好|请问][，|]是{patient}[家吗|本人吗|的家属吗]？[这里|我们]是{short_hospital}{dept}。",
    "[对方|接电话的][自称|说是]{kinship}{person}，[说|称]{patient}[不在家|睡了|下地去了]，[约|让]{clock}再打。",
    "[来电|电话]记录：{any_day}{clock}，{person}（{any_phone}）[问|咨询]{E}[结果|时间]，[答|已告]：[未出|"
    "{month_day}取]。",
    "{surname}{called}[来电|打来]：[问|说]{G}[能不能停|吃完了]，[转|让{surname}{short_title}回]，[号|电话]"
    "{any_phone}。",
    "[回|复]电{person}，{any_phone}，[自述|说]{S}[好多了|没了|还有一点]，[谢谢|约]{surname}{short_title}。",
    "[危急值|危急]：{clock}[检验科|影像科]{person}[来电|报]{any_bed}{person}{L}{val}，[接听|记录]{nurse}，[已|"
    "复述后]报{doctor}。",
    "[留言|口信]：{person}[让|叫]{person}[回电|来一趟]，[手机|号码]{any_phone}，[急|不急]。",
    "[语音|微信][转写|截图]：{surname}[医生|护士]你好，我是{any_bed}{patient}的{kinship}{person}，[想问|麻烦问下]"
    "{E}[要空腹吗|结果]。",
    "[加|扫][了|]{surname}{called}微信（{chat}），[备注|昵称]“{nickname}”，[发|传]来伤口照片。",
    "[第{num}次|三次]拨打{any_phone}[均|]未接，[短信|留言]{person}：[速|请]来院[复查|取报告]。",
    "[120|急救]来电：{clock}[到|送]{any_day}车祸{num}人，{plate}[已出发|在途]，[报|调度]{person}。",
    "[热线|投诉电话]{any_phone}[工单|登记]{any_number}：{person}反映[挂号|停车]难，[转|派]{person}。",
    "[请|速]转告{any_bed}{kin}：[血|药]已[配好|到]，{person}。",
    "便条：{surname}{called}，[片子|钥匙]在{person}[桌上|那里]，[帮|请]{person}[带|送]给{patient}。{surname}",
    "[托|请]{person}带话：[今晚|明天]{kin}[不来|有事]，[陪夜|陪床]换{kin}。",
    "电话[随访|追访]{person}（[术后|出院]{num}月），[接听|应答]：{kinship}{person}，[诉|称]{S}[无|偶有]，[下次|嘱]"
    "{any_day}。",
    "[失访|脱落]：{person}，[末次|最后]联系{any_day}，[号码|预留]{any_phone}[停机|换人用]，[新号|备用]{any_phone}。",
    "[分诊|预检]台[呼|广播]：{person}、{person}，请到{num}诊室。",
    "[会诊|科间]电话：{dept}{surname}{short_title}[说|答]{clock}[下台后|门诊结束]过来，[先|嘱]{G}。",
    "[血库|输血科]{person}[告|来电]：[O型|B型|AB型]红细胞[缺|到货]，[先|优先]给{any_bed}{patient}。",
    "{school}[老师|校医]{person}[来电|打来]：{pet}[在学校|课间]又{S}了一次，[联系|已接通]{kin}。",
    "[交警|事故科]{person}[来电|要]{patient}[酒精|伤情][结果|说明]，[警号|案号]{any_number}。",
    "[QQ|邮件|短信]通知：{person}[，|你好，]您的[预约|号源]为{any_day}{clock}，{short_hospital}{dept}{surname}"
    "{short_title}，[退订|改期]{any_phone}。",
    "[患者|病人][号码|手机]{any_phone}，[其|]{kinship}{any_phone}，[村医|社区]{any_phone}，[先|优先]打[第一个|{kin}"
    "的]。",
    "[接|收]到{agency}{surname}{called}电话，[核实|问]{patient}[是否|何时]住[过|]院，[未|请]出示公函。",
    "[床|门铃]响，{any_bed}[说|称]找{surname}{called}，[误|未]按。",
    "{person}[发来|传真]{E}[报告|图片]（{short_hospital}，{any_day}），{doctor}[看后|回]：[不急|尽快]{O}。",
    "[外线|总机]{any_phone}[转|接]{short_phone}，[找|叫]{person}[听|接]。",
    "[投诉|登记]本第{two}页：{clock}一[男|女]声，[称|姓]{surname}，[嫌|说][候诊久|药少一盒]，[已|]由{person}[安抚|"
    "补发]。",
    "[邮件|来信]摘录：<{mail}> {date} {clock}，{person}[写道|问]：{S}[要不要紧|能否先吃{G}]，[已|待]{doctor}回。",
    "[报告|影像|基因]结果[已|]发{person}邮箱{mail}，[密码|口令]另发手机{any_phone}，{date}。",
    "[回信|回复]至{mail}：[您好|]{person}，[请|可]于{date}{clock}前来，[找|挂]{surname}{short_title}的号。",
    "[抄送|密送]{mail}、{mail}，[附件|图]{num}个，[发送|上传]{person}{date}。",
    "[预约|改约]：{person}由{date}改[到|为]{date}，[短信|电话]{any_phone}[已|未]告知。",
    "[催|问]报告：{person}，{date}做的{E}，[答|说]{date}出，[取|寄]都行，[邮箱|或发]{mail}。",
)
"""Who rang, what was said, where to ring back."""
