"""A command that is given terms: texts, lists of terms and their files, and the pipeline that must answer alike."""

import json
import sys

from naive_terms import terms_of
from tiny_network import RECORDS

from modeling_dicmt import DicMTForTokenClassification, DicMTTokenizer
from modeling_dicmt.commands.command_line import run_command
from modeling_dicmt.pipeline_dicmt import DicMTPipeline

TEXTS = [
    *RECORDS,
    "予ＸＹ－９片治疗，疗效可。\r\n左肺未见明显异常😀阿莫西林　0.5g。",
    "考虑左肺肺炎，见阴影，" * 40,  # a sentence that is cut
    *[f"第{number}天，患者左肺气肿，考虑左肺炎性改变，XY-9片口服。" for number in range(12)],
]
# Some overlap, 考虑 has two types, and none is an entity of the networks here without being forced everywhere.
TERMS = {
    "Drug": ["患者左肺", "考虑", "xy-9片", "疗效可。"],
    "anatomy": ["阴影", "见"],
    "疾病和诊断": ["左肺肺炎", "考虑"],
}


def command(monkeypatch, module, **settings):
    """Run a command; a setting of True is an option without a value."""
    arguments = [f"{module.__name__}.py"]
    for name, value in settings.items():
        arguments += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    monkeypatch.setattr(sys, "argv", arguments)
    run_command(module.run)


def write_terms(path, lists, encoding="utf-8"):
    """A folder of lists, a table, JSON, or of a single list its terms alone."""
    if path.suffix == ".json":
        path.write_text(json.dumps(lists), encoding="utf-8")
    elif path.suffix == ".tsv":
        rows = [f"{term}\t{','.join(names)}\n" for term, names in terms_of(lists).items()]
        path.write_text("".join(rows), encoding=encoding)
    elif path.suffix == ".txt":
        (terms,) = lists.values()
        path.write_text("\n".join(terms), encoding=encoding)
    else:
        path.mkdir()
        for name, terms in lists.items():
            write_terms(path / f"{name}.txt", {name: terms}, encoding)
    return path


def pipeline_of(checkpoint):
    return DicMTPipeline(
        model=DicMTForTokenClassification.from_pretrained(checkpoint),
        tokenizer=DicMTTokenizer.from_pretrained(checkpoint),
        device="cpu",
    )
