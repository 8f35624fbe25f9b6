"""Histories of minds: school, work, family, what somebody said; social work, development."""

PSYCHIATRY = (
    "[自幼|从小]由{kinship}{person}[带大|抚养]，在{place}[上小学|长大]，{any_day}[随父母|]迁[至|到]{place}。",
    "[小学|初中]就读{school}，[高中|中专]{school}，[成绩|人缘]中等，[班主任|老师]{person}[说|反映]其[孤僻|走神]。",
    "{any_day}[招工|分配|应聘]到{employer}[当|任]{job}，与[领导|同事]{person}[不和|争执]后[失眠|辞职]。",
    "[坚信|称|认为]{person}[和|与]{person}[合伙|串通][害|跟踪]自己，[报警|写信]到{agency}。",
    "[凭空|耳边]听见{person}[骂|叫]自己，[内容|声音]是[“去死”|评论]，[与|同]{nickname}对骂。",
    "[自称|说自己是]{foreigner}[转世|派来的]，[被|被{kinship}]送至{short_hospital}，[住|关]{dur}。",
    "[暗恋|喜欢]同学{person}，[认定|深信]对方[也有意|用眼神示意]，[跟随|写信]{num}月。",
    "[割腕|服药|跳楼][未遂|一次]：{any_day}，[起因|诱因]{person}提分手，[室友|舍友]{person}[发现|送医]。",
    "[保护|约束]性[措施|医嘱]：[冲动|毁物]，[打|咬]伤护士{nurse}、病友{person}，[通知|告知]{kin}。",
    "[探视|家属会谈]：{kin}、{kin}[到|来]，{patient}[不理|要求出院|哭]，[对|只认]{nickname}亲近。",
    "[问|测]定向：今天几号？答“{any_day}”；[这|这里]是哪？答“{short_hospital}”；[我|医生]是谁？答“{surname}{called}”。",
    "[画|房树人]：[左|中间]的人是{nickname}，[右|远处]是{kinship}{person}，[没画|缺]自己。",
    "[咨询|治疗]第{num}次：谈到{person}[去世|离家]，[沉默|流泪]{two}分钟；[作业|约定]：给{person}写信。",
    "[来访|求助]者{person}（{nickname}），{job}，[由|经]{school}[辅导员|心理中心]{person}[转介|陪同]。",
    "[长期|一直]在{employer}[打工|倒班]，[工友|室友]{person}[介绍|拉]其[赌博|饮酒|吸“冰”]，{any_day}[被|在]{agency}"
    "[收治|强戒]。",
    "[社工|网格员]{person}[每月|入户][访视|督药]，[监护|看护]人{person}，[免费|补贴]药在{short_hospital}[领|取]。",
    "[婚姻|情感]：与{person}{any_day}结婚，[{num}年后|{any_day}]离异，[子|女]{pet}[随|判给]{person}。",
    "[发育|儿童]：[叫|喊]{pet}无回应，[只|会]叫{nickname}，[幼儿园|{school}]老师{person}[建议|催]检查。",
    "[游戏|沙盘]：把[小人|娃娃]叫作{nickname}，[埋|藏]起来，说[是|像]{kinship}{person}。",
    "[记忆|认知]：[叫|认]错{kinship}{person}为{person}，[找不到|迷路于]{place}，[{agency}|片警]{person}送回。",
    "[出院|结案]评估：[自知力|病识感]部分，[愿|同意]回{place}[与|和]{kinship}{person}[生活|种地]，[单位|{employer}]"
    "[保留|不保]岗位。",
    "[个人史|生平]：{any_day}生于{place}，{any_day}参军，[部队|首长]{person}，{any_day}转业到{employer}。",
    "[吸烟|饮酒|网瘾]：[带|教]会的是{nickname}，[常|整夜]在[网吧|{nickname}家]，[欠|借]{person}{num}万元。",
    "[家系|家族]：[二叔|表姐]{person}[疑|患]{D}，在{short_hospital}[住|死]于{any_day}；[外婆|姑婆]{person}[自缢|"
    "走失]。",
    "[夜间|凌晨]{person}[梦|惊]醒，喊“{nickname}[快跑|别走]”，[安抚|{G}{dose}]后睡。",
    "[量表|评分]由{person}[施测|评]，{person}[独立|背对背]复评，[一致性|Kappa]0.{two}。",
)
"""Who grew up where, worked where, said what about whom."""
