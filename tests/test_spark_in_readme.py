"""The documentation's function for Spark: on batches as Spark gives them, and on Spark itself where it is installed."""

import importlib.util
import json
import os
import subprocess
import sys

import pandas
import pytest
from test_readme import BLOCKS, ROOT
from transformers import AutoModelForTokenClassification, AutoTokenizer

from modeling_dicmt import predict_entities

TEXTS = ["患者左肺见阴影，考虑肺炎。", "既往有高血压病史10余年。", "胃镜示胃窦部充血水肿。"] * 4
ON_SPARK = """
import json, sys
import dicmt_spark
from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
records = spark.read.json("records.jsonl").repartition(3).select("id", "text")
records.mapInPandas(dicmt_spark.annotate, dicmt_spark.SCHEMA).write.parquet("entities")
rows = [row.asDict() for row in spark.read.parquet("entities").collect()]
json.dump(rows, open("rows.json", "w", encoding="utf-8"))
"""


@pytest.fixture
def module(checkpoint, tmp_path):
    """The block, in the file that the page names."""
    (block,) = [block for kind, block in BLOCKS if kind == "python" and "def annotate(" in block]
    assert '"outputs/quickstart"' in block
    path = tmp_path / "dicmt_spark.py"
    path.write_text(block.replace('"outputs/quickstart"', repr(str(checkpoint))), encoding="utf-8")
    return path


@pytest.fixture
def expected(checkpoint):
    network = AutoModelForTokenClassification.from_pretrained(checkpoint)
    found = predict_entities(network, AutoTokenizer.from_pretrained(checkpoint), TEXTS)
    rows = [{"id": f"r{number}", **entity} for number, entities in enumerate(found) for entity in entities]
    assert rows
    return rows


def in_order(rows):
    return sorted(({**row, "score": pytest.approx(row["score"], abs=1e-5)} for row in rows), key=place)


def place(row):
    return row["id"], row["start"]


def test_the_function_gives_each_entity_of_each_batch(module, expected):
    spec = importlib.util.spec_from_file_location("dicmt_spark", module)
    dicmt_spark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dicmt_spark)
    records = pandas.DataFrame({"id": [f"r{number}" for number in range(len(TEXTS))], "text": TEXTS})
    found = list(dicmt_spark.annotate(iter([records[:5], records[5:], records[:0]])))
    assert [list(frame.columns) for frame in found] == [list(dicmt_spark.COLUMNS)] * 3
    rows = [row for frame in found for row in frame.to_dict("records")]
    assert sorted(rows, key=place) == in_order(expected)


@pytest.mark.slow(seconds=30)
@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed")
def test_spark_gives_the_same(module, expected, tmp_path):
    lines = (json.dumps({"id": f"r{number}", "text": text}) + "\n" for number, text in enumerate(TEXTS))
    (tmp_path / "records.jsonl").write_text("".join(lines), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "PYSPARK_PYTHON": sys.executable}
    command = [sys.executable, "-c", ON_SPARK]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert sorted(rows, key=place) == in_order(expected)
