"""Sentences of the sample's records, by section, with slots for terms; written for this project.

A slot `{D}` takes a term of one kind: D disease, A anatomy, S symptom, N sign (symptom after a site), E exam, L
laboratory item, G drug, O operation, X a term that is a disease or a symptom by wording. With several letters, `{DS}`,
it takes any of the kinds: the wording does not tell which. A star, `{S*}`, makes it a list. Lower-case slots are filled
with figures.
"""

SECTIONS: dict[str, tuple[str, ...]] = {
    "现病史": (
        "患者{dur}前无明显诱因出现{S*}，伴{DS}，未予重视。",
        "{dur}前受凉后{S}，{S}，自服{G}后稍缓解，",
        "于外院查{EL}提示异常，予{GO}后{DS}减轻。",
        "因“{DS}{dur}，加重{dur}”入院。",
        "{A}{N}{dur}，活动后加重，休息后可缓解，无{S}、{S}。",
        "曾诊断为“{D}”，间断{GO}，效果欠佳，",
        "病程中无{S*}，精神可，大小便正常。",
        "既往有{DS}史{dur}，长期{G}{dose}，控制尚可；",
        "否认{D*}病史，{year}年行{O}，恢复良好。",
        "当地医院予{GO*}等处理，症状无改善, 遂来我院。",
        "查{EL}：{val}，考虑{D}，为进一步诊治收入我科。",
        "晨起{S}明显,夜间{DS}，不能平卧.",
        "外伤后{A}{N}，当时无{S}，自行{GO}无效",
        "近{dur}来{X}，偶有{S}，门诊以“{D}”收住。",
        "停{G}后再发{DS}，家属诉有{S}。",
        "无{EDS}，无{DGE}过敏。",
    ),
    "体格检查": (
        "T {temp}℃，P {pulse}次/分，R {breath}次/分，BP {pressure}mmHg。",
        "神志清，{A}无{N}，{A}未见{N}，浅表淋巴结未触及肿大。",
        "{A}{N}阳性，{E}（-），{E}（+）。",
        "{A}、{A}可闻及{N}，{AE}未见异常，",
        "腹软，{A}{N}(+),无{N}，肠鸣音{num}次/分。",
        "{A}轻度{N}，{A}无{N}，生理反射存在。",
        "{EL}：{val}，{EL}阴性；{AE}正常。",
        "{A}对称，{A}皮肤无{N}，足背动脉搏动可。",
        "入院时{AE}无特殊，{X}不明显。",
        "{E}示{A}{DS}，{A}{D}可能，建议复查{EL}。",
        "{year}-{month}-{day} {E}：{A}见约{num}.{num}×{num}.{num}cm{N}，边界尚清。",
        "辅检：{L} {num}.{num}×10^9/L，{L} {num}{num}%，{L} {num}.{num}mmol/L，余无殊",
        "{EDG}待排，请会诊。",
    ),
    "诊疗经过": (
        "入院后完善{EL*}等，明确诊断：{D*}。",
        "予{G}{dose}、{G} {dose}，并{O}，",
        "第{num}日行{EO}，过程顺利，安返病房，",
        "于局麻下行{EO}，术中见{A}{N}，术后予{GO*}。",
        "排除禁忌后{EO}，结果满意。",
        "请心内科会诊，考虑{DS}，建议{EGO}，动态观察{EL}。",
        "{X}予对症处理，复查{EL}较前好转，{L}{val}。",
        "{GE}后出现{DS}，立即停用，予{GO}好转。",
        "患者仍{S}，加用{G}{dose},{dur}后{SD}缓解。",
        "监测{EL*}，继续{GO}，防治{D}。",
        "抗炎、补液，{GO*}，嘱低盐饮食。",
        "查{EL}示{X}，诊断“{X}”，故暂缓{OE}。",
        "经{EGO}，{A}{N}消退，未再{S}。",
        "{EGOD}相关风险已告知家属，签字为证。",
    ),
    "出院情况": (
        "患者{S}较前好转，无{S*}，一般情况可。",
        "{A}{N}消失，{A}无{N}，切口甲级愈合。",
        "出院诊断：1.{D} 2.{D} 3.{DX}。",
        "嘱：继续{G}{dose}，{dur}后复查{EL*}，",
        "不适随诊，若{DS}加重及时就诊；避免{SG}。",
        "查体：{A}未闻及{N}，{EL}正常。",
        "仍有{SD}，建议{dur}后行{EO}。",
        "{DS}已控制，{X}未再出现,予以出院。",
        "出院带药：{G*}，{G} {dose}，",
        "复查{EL}，{EL}均在正常范围，拆线日期另约",
        "康复科{EGO}，门诊随访{EDL}。",
    ),
}

FILLERS: dict[str, tuple[str, ...]] = {
    "dur": ("3天", "1周", "半月", "2月余", "10余年", "5小时", "1天", "数月", "２年", "6+月", "约4小时", "1个月"),
    "dose": ("0.1g qd", "20mg bid", "10ml", "0.5g tid", "40mg静滴", "1片 qn", "2支", "100mg", "５mg"),
    "val": ("12.6↑", "3.1mmol/L", "阴性", "85U/L", "（+）", "0.42", "186×10^9/L", "偏高", "7.35", "+++", "56ng/ml"),
}
