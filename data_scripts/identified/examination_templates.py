"""Reports and surgical texts in which people, numbers and hospitals stand amid findings."""

EXAMINATIONS = (
    "{any_number} {person} {A}{N}，{A}{D}[可能|待排]。{doctor}／{doctor}",
    "{person}（{any_number}）：{A}见{num}.{num}×{num}.{num}cm[结节|低密度]，[边界|信号]清。[双签|签]：{doctor}、"
    "{doctor}",
    "[与|对照]{any_day}{short_hospital}[片|图]（{any_number}）[比|相比]：{A}{D}[略大|相仿|吸收]。",
    "[操作|检查]{doctor}，[护士|助手]{nurse}，[进镜|入路]顺利，{A}{N}，[活检|取]{num}块，[瓶号|送检]{any_number}。",
    "{doctor}[术中|台上]见{A}{N}，[请|喊]{doctor}上台，[改行|遂]{O}，[失血|出血]{three}ml。",
    "[标本|蜡块|切片]{any_number}[借|送]{short_hospital}{person}会诊，[意见|结论]：{D}。",
    "[上传|申请]{short_hospital}{person}，[诊断|出报]{doctor}，{E}：{D}，[危急|已电]{any_phone}{person}。",
    "[退|拒]收：{any_bed}{person}[管|标本][溶血|无条码]，[通知|电]{nurse}，[重采|补打]{any_number}。",
    "[审核|复核]{doctor}[修改|更正]：[原|]{person}误录为{person}，[重发|作废]{any_number}。",
    "[动态|Holter]{any_number} {person} [佩戴|记录]{any_day}{clock} [分析|]{doctor}：室早{three}个。",
    "[术者|主刀]{doctor}，[一助|拉钩]{doctor}，[扶镜|二助]{plain_name}，[洗手|器械]{nurse}，[台下|巡回]{nurse}，"
    "[麻|麻醉]{doctor}{doctor}。",
    "[接|交]班{doctor}→{doctor}：{any_bed}{person}{O}后{S}，{any_bed}{person}等{E}。",
    "[质控|室间]：[仪器|本批]正常，[操作|当班]{person}，[复核|组长]{person}，{any_day}。",
    "[冰冻|快速]{any_number}：{A}{D}，[电话|口头]告{doctor}，[接听|记录]{nurse}{clock}，[报告|诊断]{doctor}。",
    "[骨髓|流式|基因]{any_number} {person} [采|穿刺]{doctor} [阅|形态]{doctor} [结论|提示]{D}",
    "[放疗|计划]{any_number}：{person}，{two}Gy/{two}F，[勾画|靶区]{doctor}，[计划|物理]{person}，[摆位|执行]"
    "{person}、{person}。",
    "[超声|心超]：{person} {E}：{A}{N}，EF {two}%。[检查|]{doctor}　[录入|记录]{plain_name}",
    "[针灸|推拿|换药]：{person}{A}{N}，[第{num}次|]{doctor}[施|做]，[嘱|约]{month_day}。",
    "[处方|方]：{recipe}{two}g {recipe}{two}g {recipe}{num}g，[{num}付|七剂]。{person}，{years}岁。{doctor}[抄|拟]",
    "[牙|口腔]：{person}，[36|16|44]{D}，[取模|充填]{doctor}，[技工|加工]单{any_number}，[约|戴牙]{any_day}。",
    "[助听|验光|角膜]：{person} OD-{num}.25 OS-{num}.50，[验光|]{person}，[镜架|订单]{any_number}。",
    "[病程|日记]摘：“{surname}{short_title}[说|讲]我[好转|能走]了”，{person}[自述|写]于{any_day}。",
    "[内镜|胃镜]号{any_number}，{person}，[麻醉|镇静]{doctor}，{A}{D}，[HP|尿素酶]（+）。{doctor}",
    "[血库|输血反应]：{any_bed}{person}[输|滴]{any_number}{two}ml时{S}，[停|封存]，{nurse}[报|告]{doctor}、{person}。",
    "[尸检|病解]{any_number}：{person}，{any_day}[亡|死]，[解剖|主检]{person}，[助手|记录]{person}，[主要|]病变{D}。",
)
"""Findings with whose they are, who looked, what they were compared with."""
