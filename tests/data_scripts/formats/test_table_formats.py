"""CSV, TSV and Parquet: tables as other programs write them, and what is wrong with one."""

import pandas
import pyarrow
import pytest
from made_up_records import read_all, record, spans, write
from pyarrow import parquet

from data_scripts.readers.records import CorpusError

ENTITIES = '[{"start": 0, "end": 2, "type": "Symptom"}]'


def refused(path, **options):
    with pytest.raises(CorpusError) as error:
        read_all(path, **options)
    return str(error.value)


def table(**columns):
    return pandas.DataFrame(columns)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_of_a_spreadsheet_is_read_under_the_names_that_are_told(tmp_path, end):
    path = tmp_path / "x.csv"
    lines = ["病历,住院号,标注", '"头痛""剧烈"",\r\n咳嗽",007,"' + ENTITIES.replace('"', '""') + '"', "", "无,8,"]
    path.write_bytes(end.join([*lines, ""]).encode("gb18030"))
    first, second = read_all(path, encoding="gb18030", text_column="病历", id_column="住院号", entities_column="标注")
    assert (first["id"], first["text"], spans(first)) == (
        "007",
        '头痛"剧烈",\r\n咳嗽'.replace('剧烈"', '剧烈"'),
        [(0, 2, "Symptom")],
    )
    assert second == {"id": "8", "text": "无"}


def test_pandas_writes_what_is_read_and_reads_what_is_written(tmp_path):
    frame = table(text=["头痛\t\n", "无"], id=["a", "b"], entities=[ENTITIES, None])
    frame.to_csv(tmp_path / "x.tsv", sep="\t", index=False)
    assert [item["text"] for item in read_all(tmp_path / "x.tsv")] == ["头痛\t\n", "无"]
    write(tmp_path / "y.csv", [record('头"痛\r\n', (0, 1, "S"), id="a", group="p")])
    again = pandas.read_csv(tmp_path / "y.csv")
    assert [*again.columns] == ["id", "group", "section", "text", "entities"] and again["text"][0] == '头"痛\r\n'
    write(tmp_path / "y.parquet", [record("头痛", (0, 2, "S", 0.5), id="a")])
    row = pandas.read_parquet(tmp_path / "y.parquet").iloc[0]
    assert row["text"] == "头痛" and [*row["entities"]] == [{"start": 0, "end": 2, "type": "S", "score": 0.5}]


def test_parquet_of_datasets_and_with_other_columns_is_read(tmp_path):
    frame = table(text=["头痛"], id=[7], other=[3], entities=[[{"start": 0, "end": 2, "type": "S", "word": "头痛"}]])
    frame.to_parquet(tmp_path / "x.parquet")
    (found,) = read_all(tmp_path / "x.parquet")
    assert found == {"id": "7", "text": "头痛", "entities": [{"start": 0, "end": 2, "type": "S", "word": "头痛"}]}


def test_a_cell_may_be_longer_than_pythons_own_limit(tmp_path):
    text = "痛" * 200_000
    write(tmp_path / "x.csv", [{"id": "a", "text": text}])
    assert read_all(tmp_path / "x.csv")[0]["text"] == text


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (
            "text,id\n头痛,1\n",
            {"id_column": "编号"},
            "line 1: there is no column '编号' among the 2 there are (text, id)",
        ),
        ("头痛,咳嗽\n无,无\n", {}, "line 1: there is no column 'text' among the 2 there are (no such names)"),
        ("text,text\n头痛,1\n", {}, "line 1: there are several columns 'text'"),
        ("", {}, "there is no header"),
        ("text,id\n\n头痛,1,2\n", {}, "line 3: 3 cells, where the header has 2 columns"),
        ("text,id\n头痛\n", {}, "line 2: 1 cells"),
        ('text,id\n"头\n痛",1\n"头痛,2\n', {}, "line 4: no row of a table"),
        ('text,id\n"头"痛,1\n', {}, "line 2: no row of a table"),
        ("text,entities\n头痛,x\n", {}, "line 2, column entities: not valid JSON"),
        ("text,entities\n头痛,{}\n", {}, "line 2: the entities must be a JSON list"),
        ('text,entities\n头痛,"[{""start"":0,""end"":9,""type"":""S""}]"\n', {}, "line 2, entity 1: the entity at 0:9"),
    ],
)
def test_a_wrong_row_is_named_by_its_line_and_its_text_is_not_quoted(tmp_path, content, options, told):
    path = tmp_path / "x.csv"
    path.write_text(content, encoding="utf-8")
    message = refused(path, **options)
    assert f"{path}" in message and told in message and "头" not in message


@pytest.mark.parametrize(
    ("columns", "options", "told"),
    [
        ({"text": ["无", None]}, {}, "row 2: the key 'text' is None"),
        ({"text": [1]}, {}, "row 1: the key 'text' is 1; expected a string"),
        ({"other": ["头痛"]}, {}, "there is no column 'text' among the 1 there are (other)"),
        ({"text": ["头痛"]}, {"group_column": "p"}, "there is no column 'p'"),
        ({"text": ["头痛"], "id": [1.5]}, {}, "row 1: 'id' must be a string"),
        (
            {"text": ["头痛"], "entities": [[{"start": 0, "end": 3, "type": "S"}]]},
            {},
            "row 1, entity 1: the entity at 0:3",
        ),
        ({"text": ["头痛"], "entities": [5]}, {}, "row 1: the entities must be a list"),
    ],
)
def test_a_wrong_row_of_parquet_is_named(tmp_path, columns, options, told):
    path = tmp_path / "x.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    message = refused(path, **options)
    assert f"{path}" in message and told in message and "头" not in message


def test_a_damaged_parquet_file_is_told(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 nothing")
    assert "no Parquet file" in refused(path)
    write(path, [record("头痛", (0, 2, "S"), id="a")])
    path.write_bytes(path.read_bytes()[:-20])
    assert "no Parquet file" in refused(path)
