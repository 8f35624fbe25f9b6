"""Made-up corpora on disk, in the layouts of the real ones."""

import json
from pathlib import Path

TEXT = "患者头痛3天。\r\n查CT示肺炎，予青霉素。"
"""Offsets count \\r\\n as two characters: 头痛 2:4, CT 10:12, 肺炎 13:15, 青霉素 17:20 (end exclusive)."""

MENTIONS_2017 = (
    "头痛\t2\t3\t症状和体征\r\nCT\t10\t11\t检查和检验\r\n肺炎\t13\t14\t疾病和诊断\r\n青霉素\t17\t19\t治疗\r\n"
)
ENTITIES_2017 = [(2, 4, "Symptom"), (10, 12, "Exam"), (13, 15, "Disease"), (17, 20, "Treatment")]


def write(path: Path, text: str) -> Path:
    """Write UTF-8 with the line ends as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    return path


def write_pair(folder: Path, stem: str, text: str = TEXT, mentions: str = MENTIONS_2017) -> tuple[Path, Path]:
    """A record in the layout of CCKS2017 and CCKS2018: (original, annotations)."""
    return write(folder / f"{stem}.txtoriginal.txt", text), write(folder / f"{stem}.txt", mentions)


def write_ccks2017(folder: Path, patients: int = 4) -> Path:
    """Two sections of each patient's, all with texts of their own."""
    for number in range(1, patients + 1):
        for section in ("病史", "查体"):
            write_pair(folder / "train" / section, f"{section}-{number}", TEXT + f"{section}{number}")
    return folder


def write_json_lines(path: Path, records: list[dict]) -> Path:
    return write(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


def own_record(text: str, *entities: tuple[int, int, str], **keys: object) -> dict:
    return keys | {"text": text, "entities": [{"start": s, "end": e, "type": t} for s, e, t in entities]}


def spans(record: dict) -> list[tuple[int, int, str]]:
    return [(entity["start"], entity["end"], entity["type"]) for entity in record["entities"]]
