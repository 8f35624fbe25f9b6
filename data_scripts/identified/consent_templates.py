"""Talks with patients and families, consents, discussions, notices of danger."""

CONSENTS = (
    "[谈话|沟通][对象|人]：{kin}（{kinship}）、{kin}（{kinship}），[地点|在]示教室，[记录|在场]{doctor}。",
    "[就|关于]{O}[向|与]{person}、{person}[说明|交代]：[出血|感染|复发]可能，{person}[问|追问][费用|几成把握]，[答|"
    "已答复]。",
    "{person}[听懂|明白]了，{person}[还|仍]犹豫，[约|定]{month_day}[再|由]{surname}{short_title}谈。",
    "我[是|系]{person}（身份证{id}）[的{kinship}|本人]，[医生|大夫]{person}已[讲|告知]{O}[利弊|风险]，[我|愿意]同意。",
    "[本人|我]{person}[自愿|要求]放弃{O}，[后果|责任]自负，[与|同][医院|{surname}医生]无关。（指印）",
    "[病危|病重]通知[存根|]第{any_number}号：{person}，{any_bed}，{D}，[已|]告{kin}，[签收|回执]{kin}{any_day}"
    "{clock}。",
    "[授权|委托]：{person}授权{person}（[关系|系]{kinship}，电话{any_phone}）[代|全权]签署。",
    "[录音|录像]编号{any_number}，[在场|参与]{doctor}、{nurse}、{kin}，[历时|共]{two}分钟。",
    "{kin}[坚持|执意]转{short_hospital}，{doctor}[劝|留]不住，[写|补]离院告知，{kin}[摁|签]字。",
    "[签字|按印|出面]的{kin}[不是|并非]{kin}，[后|又]补{kin}[签名|手印]，[见证|医务科]{person}。",
    "[伦理|MDT|疑难]讨论：{person}[主持|开场]，{person}[汇报|简介]病史，{person}：[倾向|主张]{O}；{person}：[反对|"
    "先]{G}。",
    "{person}[补充|插话]：{E}[不|]支持{D}。{person}[总结|拍板]：{month_day}{O}。",
    "[死亡|抢救]讨论：{person}[认为|指出]死因{D}，{person}[同意|质疑]，{person}[提醒|检讨]记录[晚|漏]。",
    "[输血|用血]同意：{person}，[既往|]输血[有|无]，[签|同意]{kin}，[经治|申请]{doctor}，[上级|核准]{doctor}。",
    "[尸检|器官捐献]：{kin}、{kin}[拒绝|同意]，{kin}[未到|在途]，[协调员|经办]{person}{any_phone}。",
    "[宫内|胎儿]{D}，[夫妇|双方]{person}、{person}[商量|考虑]{num}天，[选择|决定][引产|保胎]。",
    "[试验|研究]知情：{person}[阅读|带回家看]{num}天，{person}[签|签署]，[版本|日期]{any_day}，[研究者|]{doctor}。",
    "[被|]抽查：[问|请]{patient}[主管医生|责护]是谁，[答|说]{surname}{short_title}、{nickname}。",
    "[护理|医患]沟通：[听力|方言]障碍，[经|由]{kinship}{person}[转述|比划]，[复述|点头]正确。",
    "[术前|麻醉]访视：{doctor}[见|访]{patient}于{any_bed}，[陪|]{kin}，[义齿|隐形眼镜][摘|交{kin}]。",
    "[术中|台上]谈话：{clock}{doctor}[出|到]门口[告|对]{kin}：[需|改]{O}，{kin}[签|打电话问{kin}]后同意。",
    "[自动|要求]出院：{patient}（{kin}[代|扶]），[带|嘱]{G}，[回|送]{place}，[随访|责任]{doctor}。",
    "[约束|镇静]同意：{kin}[远程|电话]（{any_phone}）[同意|授权]，[双人|]{nurse}、{nurse}[听|记]。",
    "[特殊|高值]耗材：{person}[选|同意][进口|国产]，[条码|发票]{any_number}，[自费|]{three}00元，{kin}知。",
    "本人{patient}，{id}，[神志清|能书写]，[现|兹]委托{kin}（{other_id}，{kinship}）[代签|听取病情]，[至|]出院止。",
    "[按印|签]者{kin}，[证件|身份证]{other_id}[核|复印]附后，[医生|大夫]{doctor}、[护士|]{nurse}[见|在场]。",
)
"""Who was told, who agreed, who signed for whom."""
