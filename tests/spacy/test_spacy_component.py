"""The component in spaCy's pipelines: exact offsets under any tokens, `pipe`, settings, what is refused."""

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_network import (
    RECORDS,
    SENTENCES,
    make_model,
    make_span_model,
    make_span_tokenizer,
    make_tokenizer,
    rounded,
)

pytest.importorskip("spacy.language")  # not "spacy", which is this folder's name, too

import spacy
from spacy import displacy
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.spacy import DicMTComponent
from modeling_dicmt.spacy import component as module

PIECES = [
    *SENTENCES,
    "肺炎",
    "CT",
    " ",
    "  ",
    "\r\n",
    "\n",
    "\t",
    "\u3000",
    "😀",
    "👨‍👩‍👧",
    "𠂇",
    "0.5g ",
    "don't ",
    "e\u0301",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def save(folder, network, tokenizer):
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def spans_checkpoint(tmp_path_factory):
    """A network whose entities nest, cross, and have several types on one stretch."""
    return save(tmp_path_factory.mktemp("spans") / "network", make_span_model(), make_span_tokenizer())


@pytest.fixture(scope="module")
def components(spans_checkpoint):
    """A component of each alignment, on one network."""
    first = DicMTComponent(model=spans_checkpoint)
    made = {"expand": first}
    for alignment in ("contract", "strict"):
        made[alignment] = DicMTComponent(alignment=alignment)
        made[alignment]._recognizer = first.recognizer
    return made


class AnyTokens:
    """Cuts texts anywhere, also within what no language's tokeniser would."""

    def __init__(self, cuts):
        self.vocab, self.cuts = Vocab(), cuts

    def __call__(self, text):
        words, spaces, start = [], [], 0
        ends = {index for index, cut in zip(range(1, len(text)), self.cuts, strict=False) if cut} | {len(text)}
        while start < len(text):
            end = min(end for end in ends if end > start)
            word = text[start:end]
            has_space = len(word) > 1 and word.endswith(" ")  # spaCy knows of one blank after a token
            words.append(word[:-1] if has_space else word)
            spaces.append(has_space)
            start = end
        return Doc(self.vocab, words=words, spaces=spaces)


TOKENIZERS = {
    "characters": spacy.blank("zh").make_doc,
    "blanks": spacy.blank("xx").make_doc,
    "English": spacy.blank("en").make_doc,
}
MAKERS = st.one_of(
    st.sampled_from(list(TOKENIZERS)).map(TOKENIZERS.__getitem__),
    st.lists(st.booleans(), min_size=300, max_size=300).map(AnyTokens),
)


def tokens_of(doc, entity, alignment):
    """What an entity is in tokens, by the definition of each alignment."""
    start, end = entity["start"], entity["end"]
    if alignment == "expand":
        return [token.i for token in doc if token.idx < end and start < token.idx + len(token)]
    inside = [token for token in doc if start <= token.idx and token.idx + len(token) <= end]
    if alignment == "strict" and not (inside and inside[0].idx == start and inside[-1].idx + len(inside[-1]) == end):
        return []
    return [token.i for token in inside]


@given(TEXTS, MAKERS, st.sampled_from(module.ALIGNMENTS))
def test_every_entity_is_there_to_the_character_and_in_the_tokens_that_the_alignment_says(
    components, text, make_doc, alignment
):
    component, doc = components[alignment], make_doc(text)
    assert doc.text == text
    component(doc)
    found = component.recognizer(text)
    assert doc._.dicmt == found
    assert all(text[entity["start"] : entity["end"]] == entity["word"] for entity in doc._.dicmt)

    group = doc.spans["dicmt"]
    expected = [(place, entity) for place, entity in enumerate(found) if tokens_of(doc, entity, alignment)]
    assert group.attrs["entities"].tolist() == [place for place, _ in expected]
    assert group.attrs["scores"].tolist() == [entity["score"] for _, entity in expected]
    for span, (_, entity) in zip(group, expected, strict=True):
        assert span.label_ == entity["entity_group"]
        assert [token.i for token in span] == tokens_of(doc, entity, alignment)

    taken = [token.i for span in doc.ents for token in span]
    assert len(taken) == len(set(taken))
    for span in group:  # the longest are kept, as where a corpus is flattened
        rivals = [other for other in doc.ents if other.start < span.end and span.start < other.end]
        assert rivals and max(map(len, rivals)) >= len(span)
    for span in doc.ents:
        entity = span._.dicmt
        assert tokens_of(doc, entity, alignment) == [token.i for token in span]
        assert entity in found and entity["entity_group"] == span.label_


def test_tokens_of_a_character_leave_everything_as_it_is(spans_checkpoint, caplog):
    nlp = spacy.blank("zh")
    nlp.add_pipe("dicmt", config={"model": spans_checkpoint})
    text = SENTENCES[0] * 3
    doc = nlp(text)
    assert [(s.start_char, s.end_char, s.label_) for s in doc.spans["dicmt"]] == [
        (e["start"], e["end"], e["entity_group"]) for e in doc._.dicmt
    ]
    assert 0 < len(doc.ents) < len(doc.spans["dicmt"])
    assert "within a token" not in caplog.text


def test_that_tokens_do_not_fit_is_said_once(spans_checkpoint, caplog):
    nlp = spacy.blank("xx")
    nlp.add_pipe("dicmt", config={"model": spans_checkpoint, "alignment": "strict"})
    with caplog.at_level(logging.WARNING):
        assert len(list(nlp.pipe(SENTENCES[:2] * 2))) == 4
    (said,) = [record.getMessage() for record in caplog.records if "within a token" in record.getMessage()]
    assert "are left out (alignment 'strict')" in said and "doc._.dicmt" in said


@pytest.mark.parametrize("batch_size", [1, 3, 1000])
def test_pipe_gives_what_single_documents_give(checkpoint, batch_size):
    nlp = spacy.blank("zh")
    nlp.add_pipe("dicmt", config={"model": str(checkpoint)})
    texts = [*RECORDS, "", "\r\n", *SENTENCES] * 2
    docs = list(nlp.pipe(iter(texts), batch_size=batch_size))
    assert [doc.text for doc in docs] == texts
    alone = [nlp(text) for text in texts]
    assert rounded([doc._.dicmt for doc in docs]) == rounded([doc._.dicmt for doc in alone])
    assert any(doc.ents for doc in docs)
    for one, other in zip(docs, alone, strict=True):
        assert [(e.start_char, e.end_char, e.label_) for e in one.ents] == [
            (e.start_char, e.end_char, e.label_) for e in other.ents
        ]


def test_pipe_reads_no_further_than_a_batch(checkpoint):
    nlp, read = spacy.blank("zh"), []
    nlp.add_pipe("dicmt", config={"model": str(checkpoint)})
    stream = nlp.pipe((read.append(number) or "痛" for number in range(100)), batch_size=2)
    next(stream)
    assert len(read) < 10


@pytest.mark.slow(seconds=20)
def test_processes_give_the_same(checkpoint):
    nlp = spacy.blank("zh")
    nlp.add_pipe("dicmt", config={"model": str(checkpoint)})
    docs = list(nlp.pipe(RECORDS, n_process=2, batch_size=1))
    assert rounded([doc._.dicmt for doc in docs]) == rounded([nlp(text)._.dicmt for text in RECORDS])
    assert all(span._.dicmt["score"] > 0 for doc in docs for span in doc.ents)


def test_settings_are_the_pipelines(tmp_path):
    folder = save(tmp_path / "network", make_model(vetted_terms=True), make_tokenizer(vetted_terms=True))
    settings = {
        "threshold": 0.6,
        "ignore_labels": ["Anatomy"],
        "terms": {"Drug": ["规律服用"]},
        "not_terms": ["肺炎"],
        "dictionary": {"disease": ["阴影"]},
        "force": True,
        "evidence": True,
        "batch_characters": 50,
    }
    nlp = spacy.blank("zh")
    nlp.add_pipe("dicmt", config={"model": folder, **settings})
    component = nlp.get_pipe("dicmt")
    recognise = DicMTPipeline(model=component.recognizer.tagger.model, tokenizer=component.tokenizer, **settings)
    expected = recognise(SENTENCES[1])
    assert any(entity["forced"] and entity["word"] == "规律服用" for entity in expected)
    assert nlp(SENTENCES[1])._.dicmt == expected != recognise.recognizer(SENTENCES[1])
    assert component.labels == ("Disease", "Anatomy", "Drug")


def test_every_setting_of_the_factory_is_the_components():
    given = {
        "model": "somewhere",
        "spans_key": "mine",
        "alignment": "strict",
        "overwrite_ents": True,
        "device": "cuda",
        "cpu_threads": 3,
        "threshold": 0.6,
        "ignore_labels": ["Anatomy"],
        "terms": {"Drug": ["规律服用"]},
        "not_terms": {"*": ["肺炎"]},
        "dictionary": {"disease": ["阴影"]},
        "force": True,
        "evidence": True,
        "batch_characters": 50,
    }
    assert given.keys() == module.Language.get_factory_meta("dicmt").default_config.keys()
    component = spacy.blank("zh").add_pipe("dicmt", config=given)
    held = vars(component) | component.settings
    for name in ("terms", "not_terms", "dictionary"):
        held[name] = {kind: [term] for term, (kind,) in held[name].items()}
    assert {name: held[name] for name in given} == given


@pytest.mark.parametrize("overwrite", [False, True])
def test_entities_of_other_components(checkpoint, overwrite):
    nlp = spacy.blank("zh")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "RULE", "pattern": "".join(SENTENCES[0][:7])}, {"label": "RULE", "pattern": "。"}])
    text = SENTENCES[0] + "痛"
    ruled = nlp(text).ents
    nlp.add_pipe("dicmt", config={"model": str(checkpoint), "overwrite_ents": overwrite})
    doc = nlp(text)
    of_rules = [span for span in doc.ents if span.label_ == "RULE"]
    assert any(span.label_ != "RULE" and span._.dicmt for span in doc.ents)
    assert all(span._.dicmt is None for span in of_rules)
    overlapping = [e for e in doc._.dicmt if any(e["start"] < r.end_char and r.start_char < e["end"] for r in ruled)]
    assert overlapping
    if overwrite:
        assert len(of_rules) < len(ruled)
    else:
        assert [str(span) for span in of_rules] == [str(span) for span in ruled]


def test_a_document_annotated_again_has_the_entities_of_the_last_time(checkpoint):
    nlp = spacy.blank("zh")
    component = nlp.add_pipe("dicmt", config={"model": str(checkpoint)})
    doc = nlp(SENTENCES[0])
    first = list(doc.ents)
    assert first
    component.settings["ignore_labels"] = list(component.labels)
    component(doc)
    assert not doc.ents and not doc.spans["dicmt"] and not doc._.dicmt
    assert all(doc[span.start : span.end]._.dicmt is None and span._.dicmt is None for span in first)


@pytest.mark.parametrize("overwrite", [False, True])
def test_entities_of_others_stay_where_there_are_none_from_here(spans_checkpoint, overwrite):
    nlp = spacy.blank("zh")
    component = nlp.add_pipe("dicmt", config={"model": spans_checkpoint, "overwrite_ents": overwrite})
    component.settings["ignore_labels"] = ["Disease"]
    doc = nlp.make_doc(SENTENCES[0] * 2)
    doc.ents = [Span(doc, place, place + 1, "RULE") for place in range(len(doc))]
    component(doc)
    taken = {token.i for span in doc.ents if span.label_ != "RULE" for token in span}
    assert {span.start for span in doc.ents if span.label_ == "RULE"} == set(range(len(doc))) - taken
    assert len(taken) > 0 if overwrite else not taken


def test_two_networks_in_one_pipeline(checkpoint, spans_checkpoint):
    nlp = spacy.blank("zh")
    nlp.add_pipe("dicmt", config={"model": str(checkpoint)})
    nlp.add_pipe("dicmt", name="second", config={"model": spans_checkpoint, "spans_key": "nested"})
    doc = nlp(SENTENCES[1])
    assert doc._.dicmt == nlp.get_pipe("dicmt").recognizer(SENTENCES[1])
    assert doc._.nested == nlp.get_pipe("second").recognizer(SENTENCES[1])
    for name in ("dicmt", "nested"):
        assert len(doc.spans[name]) == len(doc._.get(name)) and doc.spans[name].name == name


def test_displacy_shows_them(checkpoint):
    nlp = spacy.blank("zh")
    nlp.add_pipe("dicmt", config={"model": str(checkpoint)})
    doc = nlp(SENTENCES[0])
    shown = displacy.render(doc, style="ent", page=False, jupyter=False)
    assert shown.count("<mark") == len(doc.ents) > 0
    spans = displacy.render(doc, style="span", options={"spans_key": "dicmt"}, page=False, jupyter=False)
    assert all(span.label_ in spans for span in doc.spans["dicmt"])


def test_a_batch_that_fails_is_the_handlers_and_is_annotated_by_no_half(checkpoint, monkeypatch):
    nlp, failed = spacy.blank("zh"), []
    component = nlp.add_pipe("dicmt", config={"model": str(checkpoint)})
    nlp.set_error_handler(lambda name, component, docs, error: failed.append((name, docs, str(error))))
    tag = component.recognizer.tagger.tag

    def failing(inputs):
        if (inputs["attention_mask"].sum(1) == 1).any():
            raise RuntimeError("no memory")
        return tag(inputs)

    monkeypatch.setattr(component.recognizer.tagger, "tag", failing)
    docs = list(nlp.pipe([SENTENCES[0], SENTENCES[0], "痛", SENTENCES[0]], batch_size=2))
    assert [doc.text for doc in docs] == [SENTENCES[0]] * 2
    ((name, batch, reason),) = failed
    assert (name, reason) == ("dicmt", "no memory")
    assert all(doc._.dicmt is None and "dicmt" not in doc.spans for doc in batch)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"threshold": 2.0}, "threshold must be a number from 0 to 1"),
        ({"alignment": "nearest"}, "alignment"),
        ({"terms": "/etc/passwd"}, "terms"),
        ({"terms": {"Drug": ["5$ 片"]}}, r"a \$ in a term.*tokenizer.terms"),
        ({"terms": {"Drug": ["${paths.train}"]}}, r"a \$ in a term"),
        ({"not_terms": {"a=b": ["肺"]}}, "in a list's name"),
        ({"spans_key": "taken"}, "extension attribute of something else: pass another spans_key"),
    ],
)
def test_settings_of_no_use(config, message):
    Span.set_extension("taken", getter=len, force=True)
    with pytest.raises(ValueError, match=message):
        spacy.blank("zh").add_pipe("dicmt", config=config)


def test_a_network_that_is_not_there_is_told_when_it_is_needed(tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("dicmt")
    with pytest.raises(ValueError, match="'dicmt' has no network: name a folder"):
        nlp("痛")
    nlp.remove_pipe("dicmt")
    nlp.add_pipe("dicmt", config={"model": str(tmp_path / "nowhere")})
    with pytest.raises(ValueError, match=re.escape(str(tmp_path / "nowhere"))):
        nlp.initialize()


def test_the_network_has_the_components_threads(checkpoint):
    assert DicMTComponent(model=checkpoint, cpu_threads=3).recognizer.tagger.cpu_threads == 3


def test_a_device_that_is_not_there(checkpoint):
    component = DicMTComponent(model=checkpoint, device="warp9")
    with pytest.raises(ValueError, match="device warp9 cannot be used here"):
        component.initialize()
