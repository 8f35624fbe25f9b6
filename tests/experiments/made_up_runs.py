"""A made-up corpus, systems, and what made-up runs of them find, small enough to count by hand."""

from experiments.specification import Preset, Row, System, Table

TYPES = ["Disease", "Drug"]


def record(name: str, text: str, *entities: tuple[str, str]) -> dict:
    """A record whose entities are given by their first occurrence in the text."""
    spans = [{"start": text.index(word), "end": text.index(word) + len(word), "type": kind} for word, kind in entities]
    return {"id": name, "group": name, "text": text, "entities": spans}


TRAIN = [
    record("t1", "患者肺炎，予青霉素。", ("肺炎", "Disease"), ("青霉素", "Drug")),
    record("t2", "患者肺炎好转，胃炎。", ("肺炎", "Disease"), ("胃炎", "Disease")),
    record("t3", "予阿莫西林口服治疗肺炎。", ("阿莫西林", "Drug"), ("肺炎", "Disease")),
]
VALIDATION = [
    record("v1", "诊断为肺炎，胃炎不明显。", ("肺炎", "Disease"), ("胃炎", "Disease")),
    record("v2", "予头孢，哮喘缓解。", ("头孢", "Drug"), ("哮喘", "Disease")),
]


# Networks that train in a second.
TINY = {
    "num_train_epochs": 1,
    "character_embedding_size": 4,
    "bigram_embedding_size": 2,
    "num_bigram_buckets": 20,
    "radical_embedding_size": 2,
    "lstm_hidden_size": 4,
    "quiet": True,
}
SYSTEMS = {
    system.name: system
    for system in (
        System("full", "the whole"),
        System("bare", "no dictionary", settings={"dictionary": None}, note="nothing but characters"),
        System("same", "the whole again", seeds="baseline"),
        System("segmentation", "segmentation alone", settings={"recognition_task": False}),
        System("rules", "rules", kind="rules", seeds="one"),
        System("ensemble", "all of them", kind="vote", members=("full", "bare", "rules"), seeds="baseline"),
        System("known_full", "the whole, given terms", kind="known_terms", members=("full",)),
        System("known_rules", "rules, given terms", kind="known_terms", members=("rules",), seeds="baseline"),
        System("on_bert", "with an encoder", settings={"encoder_name_or_path": "$encoder"}),
        System("on_ft_bert", "with another", settings={"encoder_name_or_path": "$domain_encoder"}),
    )
}
PRESET = Preset("tiny", "for tests", TINY, seeds=(1, 2), baseline_seeds=(1,))


def table_of(*names: str, show: str = "scores", name: str = "table", **settings) -> Table:
    rows = tuple(Row(item) if isinstance(item, str) else item for item in names)
    return Table(name, "A table", show, rows, **settings)


# What two seeds of one system and one of another find in the two records.
FOUND = {
    ("full", 1): [[(3, 5, "Disease"), (6, 8, "Disease")], [(1, 3, "Drug"), (4, 6, "Disease")]],
    ("full", 2): [[(3, 5, "Disease"), (6, 8, "Drug")], [(1, 3, "Drug")]],
    ("bare", 1): [[(3, 5, "Disease")], [(4, 7, "Disease")]],
    ("bare", 2): [[(3, 5, "Disease")], []],
    ("segmentation", 1): [[], []],
    ("segmentation", 2): [[], []],
}
