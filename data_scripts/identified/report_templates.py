"""Sentences of discharges, calls and letters, and lines of examinations' reports."""

DISCHARGE = (
    "{patient}于{date}出院，[共住院{two}天|{D}好转]。",
    "患者{patient}，{admitted}入院，{date}出院，诊断：{D}。",
    "[定期|{dur}后]到{hospital}复查{L}，[不适随诊|咨询电话{landline}]。",
    "[随访|复诊|咨询|科室]电话~{landline}，联系人{surname}{short_title}。",
    "[如有|出现]{S}，请[拨打|致电|联系]{phone}[（{doctor}）|]。",
    "[加|扫]{surname}{short_title}微信{chat}[预约|随访]。",
    "报告请发至{mail}。",
    "[病理|基因检测]结果[将|]寄至{address}，收件人{patient}，{phone}。",
    "下次[复诊|复查|化疗|换药]日期~{date}。",
    "[请于|]{month_day}[上午|]到{hospital}[拆线|复查]。",
    "转{hospital}继续治疗，[途中由{doctor}护送|车牌{plate}]。",
    "[电话|]随访：{date}拨打{phone}，[{kin}接听|其{relation}{kin}接电话]，诉{S}消失。",
    "随访[人|者]{nurse}，被访者{kin}，{phone}，[患者恢复良好|无人接听]。",
    "{phone}[为|系]{relation}{kin}[电话|手机]，{phone}备用。",
    "邮寄病历：{kin}，{phone}，{address}",
    "联系方式：{phone}（{relation}），微信同号",
    "[有事|必要时]联系{kin}{phone}。",
    "[患者|病人]{patient}手机{phone}，[家住|住]{short_address}。",
    "QQ群{qq}，[邮箱|E-mail]~{mail}，[欢迎咨询|周三上午门诊]。",
    "诊断证明书：{patient}，{sex}，{age}，单位：{employer}，住院号：{record}，建议休息[两周|一月]。",
    "{hospital}出院小结",
    "{hospital}[{dept}|]",
    "[发票|结算单]号{exam_number}，医保卡号{insurance}，自付{point}元。",
    "病历复印件共{two}页，[交|由]{kin}领取，身份证{other_id}。",
)
"""How a stay ends, and what comes after."""

REPORTS = (
    "检查号~{exam_number}  姓名~{patient}  {sex}  {age}",
    "{hospital}{E}报告单",
    "送检[医院|单位]~{hospital}  送检医[师|生]~{doctor}",
    "标本[号|编号]~{exam_number}  接收[日期|时间]~{date}",
    "{E}所见：{A}见{N}，与{past_date}（{exam_number}）片比较[相仿|增大]。",
    "对比{date}片，{A}{D}[略有吸收|变化不著]。",
    "病理诊断（{exam_number}）：{A}{D}。",
    "临床诊断~{D}  申请医[师|生]~{doctor}  床号：{bed_number}",
    "{patient} {sex} {age} {exam_number} {dept}",
    "[采样|检验]者~{doctor}  {date} {clock}",
    "患者{patient}[危急值|]{L}{val}，{clock}电话通知{dept}{nurse}。",
    "注：本报告仅对{exam_number}号标本负责",
    "[影像号|片号]{exam_number}，阅片者{doctor}",
    "会诊病理：{hospital}{exam_number}切片{num}张",
    "ECG No.{exam_number} {patient} {sex} {date}",
    "Patient: {foreigner}  ID: {other_record}  Date: {date}",
)
"""Lines of examinations' reports."""
