"""What the page says of itself, in English and Chinese; what records, terms and label sets say stays as it is."""

LANGUAGES = ("en", "zh")

WORDS = {
    "title": ("Medical entities in Chinese records", "中文病历医学实体识别"),
    "about": (
        "For trying only, not for decisions about patients. Nothing is stored: texts and terms stay in memory while "
        "this page is open.",
        "仅供试用，不得用于诊疗决策。不保存任何内容：病历与术语仅在页面打开期间留在内存中。",
    ),
    "language": ("Language", "语言"),
    # what is given
    "record": ("Record", "病历"),
    "record here": ("Paste a record, or upload a file.", "粘贴病历文本，或上传文件。"),
    "upload": ("Upload records", "上传病历文件"),
    "example": ("Example", "示例"),
    "clear": ("Clear", "清空"),
    "run": ("Find entities", "识别实体"),
    "network": ("Network", "模型"),
    "own terms": ("Terms of your own", "自定义术语"),
    "terms": ("Vetted terms", "审定术语"),
    "terms here": ("type: term; term", "类型：术语、术语"),
    "terms info": ("A type and its terms a line: {types}.", "每行一个类型及其术语。类型：{types}。"),
    "not terms": ("What is no entity", "非实体词"),
    "not terms here": ("term; term", "术语、术语"),
    "not terms info": (
        "A line without a type is of any type.",
        "每行可写“类型：词、词”；不写类型即任何类型都不算实体。",
    ),
    "upload terms": ("Upload terms", "上传审定术语"),
    "upload not terms": ("Upload what is no entity", "上传非实体词"),
    "force": ("An entity wherever it occurs", "出现即识别（不由模型判断）"),
    "force info": (
        "Otherwise the network weighs a term against its context.",
        "不勾选时，由模型结合上下文判断。",
    ),
    "force needed": (
        "This network has not learnt to weigh vetted terms, so they are always entities.",
        "此模型未学习审定术语，因此术语出现即识别。",
    ),
    # what is shown
    "entities": ("Entities", "实体"),
    "deidentification": ("De-identification", "去标识化"),
    "types": ("Types", "类型"),
    "score from": ("Score from", "置信度不低于"),
    "show": ("Show", "显示"),
    "changes": ("what the terms change", "术语带来的变化"),
    "after": ("with the terms", "使用术语后"),
    "before": ("without the terms", "使用术语前"),
    "nothing yet": ("The entities will be shown here.", "识别结果将显示在这里。"),
    "records": ("records", "份病历"),
    "one record": ("record", "份病历"),
    "of entities": ("entities", "个实体"),
    "one entity": ("entity", "个实体"),
    "of changes": (
        "The terms change: {gained} gained, {lost} lost, {altered} of another type or boundary.",
        "术语带来的变化：新增 {gained}，消失 {lost}，类型或边界改变 {altered}。",
    ),
    "no change": ("The terms change nothing in this text.", "这些术语没有改变本文的识别结果。"),
    "signs": (
        "+ gained, − lost, ≠ another type, ↔ another boundary; framed: as it was before",
        "+ 新增，− 消失，≠ 类型改变，↔ 边界改变；虚框：使用术语前的结果",
    ),
    "table": ("As a table", "列表"),
    "table cut": (
        "The first {number} of {all}; downloads have all.",
        "仅列前 {number} 个，共 {all} 个；下载文件包含全部。",
    ),
    "text": ("text", "文本"),
    "type": ("type", "类型"),
    "place": ("place", "位置"),
    "score": ("score", "置信度"),
    "change": ("change", "变化"),
    "gained": ("gained", "新增"),
    "lost": ("lost", "消失"),
    "other type": ("another type", "类型改变"),
    "other boundary": ("another boundary", "边界改变"),
    "other type and boundary": ("another type and boundary", "类型与边界改变"),
    "forced": ("a term wherever it occurs", "术语，出现即识别"),
    "download": ("Download", "下载"),
    # de-identification
    "policy": ("Identifiers become", "标识信息替换为"),
    "surrogate": ("made-up ones", "虚构内容"),
    "tag": ("tags", "标签"),
    "remove": ("nothing", "删除"),
    "deidentify": ("De-identify", "去标识化"),
    "deidentify note": (
        "Found by rules. Some are overlooked: read the text before it goes anywhere.",
        "按规则查找，难免遗漏；文本交出前请人工核对。",
    ),
    "not deidentified yet": (
        "The record without names, numbers, addresses and dates will be shown here.",
        "去除姓名、号码、地址、日期等信息后的病历将显示在这里。",
    ),
    "replaced": ("{number} identifiers were replaced.", "替换了 {number} 处标识信息。"),
    "download text": ("Download (.jsonl)", "下载（.jsonl）"),
    # what was read
    "was read": ("{records} of {name}", "{name}：{records}"),
    "instead": ("Text in the box above is used instead.", "若上方文本框有内容，则以文本框为准。"),
    # what goes wrong
    "nothing given": ("Paste a record or upload a file first.", "请先粘贴病历文本或上传文件。"),
    "no results": ("There are no results to download yet.", "还没有可下载的结果。"),
    "too many characters": (
        "There are more characters than the {most} that a request may hold. Take fewer records, or a part.",
        "字数超过单次上限 {most} 字，请减少病历或截取部分。",
    ),
    "too many records": (
        "The file has more than the {most} records that a request may hold.",
        "文件中的病历超过单次上限 {most} 份。",
    ),
    "file too large": (
        "The file is larger than {most} KiB.",
        "文件超过 {most} KiB。",
    ),
    "took too long": (
        "This took longer than {seconds} seconds and was ended. Try a shorter text, or fewer terms.",
        "处理超过 {seconds} 秒，已中止。请缩短文本或减少术语。",
    ),
    "terms occur too often": (
        "Too many of the terms lie within one another. Leave some out.",
        "术语相互包含过多，请删减部分术语。",
    ),
    "no such network": ("There is no such network: choose one of the list.", "没有这个模型，请从列表中选择。"),
    "unknown type": (
        "Line {line} of the terms: no type is called “{name}”. There are {types}.",
        "术语第 {line} 行：没有名为“{name}”的类型。可用类型：{types}。",
    ),
    "line without type": (
        "Line {line} of the terms has no type. Write “type: term; term”.",
        "术语第 {line} 行缺少类型，请写成“类型：术语、术语”。",
    ),
    "unusable term": (
        "Line {line} of the terms: a term can never be found. It has 1 to {most} characters, all of them visible.",
        "术语第 {line} 行：该术语无法匹配。术语应为 1 至 {most} 个可见字符。",
    ),
    "rows left out": (
        "{count} rows of {name} can be no term and were left out; the first is line {line}: {reason}.",
        "{name} 中有 {count} 行不能作为术语，已略去；第一处在第 {line} 行：{reason}。",
    ),
    "too many terms": ("There are more than {most} terms.", "术语超过 {most} 个。"),
    "unknown format": (
        "The name of the file does not say which format it has. Names end in {endings}.",
        "无法从文件名判断格式。支持的扩展名：{endings}。",
    ),
    "unknown encoding": (
        "The file is neither UTF-8 nor GB18030, or it is damaged.",
        "文件既不是 UTF-8 也不是 GB18030，或已损坏。",
    ),
    "file cannot be read": ("The file cannot be read: {reason}", "文件无法读取：{reason}"),
    "file is gone": ("The file is not there any more. Upload it again.", "文件已被删除，请重新上传。"),
    "file is empty": ("There is no text in the file.", "文件中没有文本。"),
    "cannot be written": ("This cannot be written in that format: {reason}", "无法写成该格式：{reason}"),
    "failed": (
        "Something went wrong here. Nothing of your request was kept; try again, or tell whoever runs this page.",
        "服务器出错。请求内容未被保留，请重试，或联系本页面的管理者。",
    ),
}


def say(word: str, language: str, **values: object) -> str:
    """A word in a language, with what it names.

    Args:
        word: One of `WORDS`.
        language: "en" or "zh"; anything else is "en".
        **values: What it names.
    """
    return WORDS[word][language == "zh"].format(**values)
