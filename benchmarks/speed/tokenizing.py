"""The tokenizer, ids, radicals, dictionary features and offsets, against the stock fast BERT tokenizer alone."""

from collections.abc import Iterator
from pathlib import Path

from transformers import BertTokenizer

from .inputs import network, sentences_of, texts_of
from .measuring import Row, Settings, compare, require

BATCH = 32


def bert_tokenizer(characters: list[str], folder: Path) -> BertTokenizer:
    """A BERT tokenizer whose vocabulary is single characters."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    return BertTokenizer(str(folder / "vocab.txt"), model_max_length=512)


def rows(settings: Settings) -> Iterator[Row]:
    """Batches of sentences as torch tensors with offsets, and the stream that pipeline and training read."""
    texts = texts_of(settings, "validation")
    sentences = sorted(sentences_of(texts), key=len)
    batches = [sentences[start : start + BATCH] for start in range(0, len(sentences), BATCH)]
    characters = sum(map(len, sentences))
    _, ours = network(settings)
    single = sorted(token for token in ours.get_vocab() if len(token) == 1 and not token.isspace())
    theirs = bert_tokenizer(single, Path(settings.folder) / "bert_tokenizer")
    options = {"padding": True, "return_offsets_mapping": True, "return_tensors": "pt"}
    for batch in batches:
        mine = ours(batch, **options)
        for row, sentence in enumerate(batch):
            offsets = mine["offset_mapping"][row][: len(sentence)].tolist()
            require(offsets == [[i, i + 1] for i in range(len(sentence))], "a token is not one character")
        other = theirs(batch, **options)["offset_mapping"].amax((1, 2))
        require(bool((other <= max(map(len, batch))).all()), "the stock tokenizer's offsets leave the text")

    yield compare(
        "tokenizer, batches as tensors: ids, radicals, features, offsets",
        "stock fast BERT tokenizer: ids, offsets",
        lambda: [ours(batch, **options) for batch in batches],
        lambda: [theirs(batch, **options) for batch in batches],
        "≤ 2.5",
        settings,
        work=characters,
        note=f"{len(ours.dictionary):,} terms; sentences in batches of {BATCH}",
    )
    yield compare(
        "the same from records, as pipeline and training read them",
        "stock fast BERT tokenizer on the sentences",
        lambda: list(ours.encode_records(texts)),
        lambda: [theirs(batch, **options) for batch in batches],
        "≤ 2.5",
        settings,
        work=characters,
        note="split into sentences besides",
    )
