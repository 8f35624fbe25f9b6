"""Best paths under conditions against the enumeration of every path, longer ones against a plain search."""

import functools
import itertools

import numpy as np
import pytest
from tiny_network import RECORDS, make_model, make_tokenizer

from modeling_dicmt import constrained_decoding
from modeling_dicmt import prediction as prediction_module
from modeling_dicmt.constrained_decoding import are_entities, best_paths, most_probable_types
from modeling_dicmt.crf import legal_bio_transitions
from modeling_dicmt.crf_numpy import NumpyCRF
from modeling_dicmt.prediction import predict_sentences, tag_sentences
from modeling_dicmt.tagging import Span, bio_labels, find_entities, tags_to_spans
from modeling_dicmt.torch_tagger import TorchTagger

TYPES = ["X", "Y", "Z"]
KINDS = ["legal", "any", "independent"]


def make_chain(kind, num_types, generator, scale=1.0):
    labels = bio_labels(TYPES[:num_types])
    if kind == "independent":
        return NumpyCRF.independent(len(labels))
    start, end = generator.normal(scale=scale, size=(2, len(labels)))
    transitions = generator.normal(scale=scale, size=(len(labels), len(labels)))
    if kind == "legal":
        legal = legal_bio_transitions(labels).numpy()
        start[~legal[-1]] = transitions[~legal[:-1]] = -np.inf
    return NumpyCRF(start, transitions, end)


def spans_of(length, num_types):
    """All spans of a sentence: (N, 4) start, end, B tag, I tag."""
    pairs = itertools.combinations(range(length + 1), 2)
    return np.array([(*pair, 2 * of + 1, 2 * of + 2) for pair in pairs for of in range(num_types)])


def draw_conditions(length, num_types, generator, share_excluded):
    """Spans (N, 4) to require, none of which overlap, and to exclude, at random."""
    spans = spans_of(length, num_types)
    required, taken = [], np.zeros(length, dtype=bool)
    for index in generator.permutation(len(spans))[: generator.integers(4)]:
        start, end = spans[index, :2]
        if not taken[start:end].any():
            required.append(index)
            taken[start:end] = True
    excluded = np.setdiff1d(np.flatnonzero(generator.random(len(spans)) < share_excluded), required)
    return spans[required], spans[excluded]


def as_batch(spans):
    return np.column_stack([np.zeros(len(spans), dtype=np.int64), spans]).reshape(-1, 5)


def best_path(chain, emissions, required=(), excluded=()):
    """The best path of one sentence; spans are (start, end, B tag, I tag)."""
    mask = np.ones((1, len(emissions)), dtype=bool)
    tags = chain.viterbi(emissions[None], mask)
    conditions = (as_batch(np.array(spans, dtype=np.int64).reshape(-1, 4)) for spans in (required, excluded))
    return best_paths(chain, emissions[None], mask, tags, *conditions)[0]


@functools.cache
def enumerate_paths(length, num_types):
    """All paths (P, L), and which spans of `spans_of` are entities of each as they read (P, N)."""
    paths = np.array(list(itertools.product(range(2 * num_types + 1), repeat=length)))
    found = find_entities(paths, dict(enumerate(bio_labels(TYPES[:num_types]))))
    begin = np.array([2 * TYPES.index(name) + 1 for name in found.types])
    index = {tuple(span[:3]): number for number, span in enumerate(spans_of(length, num_types).tolist())}
    has = np.zeros((len(paths), len(index)), dtype=bool)
    for path, start, end, type_id in found.entities.tolist():
        has[path, index[start, end, begin[type_id]]] = True
    return paths, has


def score_of(chain, emissions, paths):
    scores = chain.start[paths[..., 0]] + chain.end[paths[..., -1]]
    scores = scores + emissions[np.arange(len(emissions)), paths].sum(-1)
    return scores + chain.transitions[paths[..., :-1], paths[..., 1:]].sum(-1)


def best_of_all_paths(chain, emissions, num_types, required, excluded):
    paths, has = enumerate_paths(len(emissions), num_types)
    numbers = {tuple(span): number for number, span in enumerate(spans_of(len(emissions), num_types).tolist())}
    allowed = ~has[:, [numbers[tuple(span)] for span in excluded.tolist()]].any(1)
    for span in required.tolist():
        allowed &= has[:, numbers[tuple(span)]] & (paths[:, span[0]] == span[2])
    paths = paths[allowed]
    return paths[score_of(chain, emissions, paths).argmax()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("num_types", "longest"), [(1, 7), (2, 5), (3, 4)])
def test_the_best_of_all_paths_that_meet_the_conditions(kind, num_types, longest):
    generator = np.random.default_rng(num_types)
    searched = 0
    for case in range(250):
        length = int(generator.integers(1, longest + 1))
        chain = make_chain(kind, num_types, generator)
        emissions = generator.normal(scale=2.0, size=(length, 2 * num_types + 1))
        # Entities are what conditions are about: O is rarely the best.
        emissions[:, 0] -= generator.choice([0.0, 3.0])
        emissions[:, 2::2] += generator.choice([0.0, 2.0])
        required, excluded = draw_conditions(length, num_types, generator, (0.0, 0.2, 0.6, 0.95)[case % 4])
        expected = best_of_all_paths(chain, emissions, num_types, required, excluded)
        found = best_path(chain, emissions, required, excluded)
        assert found.tolist() == expected.tolist()
        searched += found.tolist() != best_path(chain, emissions, required).tolist()
    assert searched > 50, "or exclusions have hardly been tried"


@pytest.mark.parametrize("kind", KINDS)
def test_a_sentence_all_of_which_is_excluded_has_no_entity(kind):
    generator = np.random.default_rng(3)
    emissions = generator.normal(size=(6, 7))
    emissions[:, 0] = -50.0
    excluded = spans_of(6, 3)
    assert best_path(make_chain(kind, 3, generator), emissions, (), excluded).tolist() == [0] * 6


@pytest.mark.parametrize("kind", KINDS)
def test_required_entities_at_the_ends_and_side_by_side(kind):
    generator = np.random.default_rng(4)
    chain, emissions = make_chain(kind, 2, generator), generator.normal(size=(7, 5))
    emissions[:, 2] = 9.0  # all is one entity to the network
    required = [(4, 7, 1, 2), (0, 1, 1, 2), (1, 3, 1, 2)]
    found = best_path(chain, emissions, required)
    entities = tags_to_spans(found, dict(enumerate(bio_labels(["X", "Y"]))))
    assert {(0, 1, "X"), (1, 3, "X"), (4, 7, "X")} <= set(entities)
    assert [tag for place, tag in enumerate(found.tolist()) if place != 3] == [1, 1, 2, 1, 2, 2]
    # An entity that a required one is part of, or that reaches into it, gives way.
    assert best_path(chain, emissions, [(2, 4, 3, 4)])[2:4].tolist() == [3, 4]


@pytest.mark.parametrize("kind", KINDS)
def test_an_excluded_entity_of_one_character(kind):
    chain = make_chain(kind, 1, np.random.default_rng(5), scale=0.1)
    emissions = np.array([[9.0, 0, 0], [0, 9, 8], [9, 0, 0]])  # O B O
    assert best_path(chain, emissions).tolist() == [0, 1, 0]
    assert best_path(chain, emissions, (), [(1, 2, 1, 2)]).tolist() in ([0, 0, 0], [0, 1, 2], [1, 2, 0])
    # Its neighbours and longer entities are not meant.
    assert best_path(chain, emissions, (), [(0, 1, 1, 2), (2, 3, 1, 2), (1, 3, 1, 2)]).tolist() == [0, 1, 0]
    emissions = np.array([[9.0, 0, 0], [0, 9, 0], [0, 0, 9]])  # O B I
    assert best_path(chain, emissions, (), [(1, 2, 1, 2)]).tolist() == [0, 1, 2]
    assert best_path(chain, emissions[1:2], (), [(0, 1, 1, 2)]).tolist() == [0]


@pytest.mark.parametrize("kind", KINDS)
def test_sentences_of_a_batch_do_not_touch_each_other(kind):
    """Whatever stands at padding, and in whatever order the conditions come."""
    generator = np.random.default_rng(11)
    lengths = [8, 3, 1, 8, 5, 6]
    chain, emissions = make_chain(kind, 2, generator), generator.normal(scale=2.0, size=(6, 8, 5))
    emissions[..., 0] -= 3.0
    mask = np.arange(8) < np.array(lengths)[:, None]
    conditions = [draw_conditions(length, 2, generator, 0.4) for length in lengths]
    conditions[3] = conditions[3][0], conditions[3][1][:0]
    together = [
        generator.permutation(
            np.concatenate([np.insert(of_row[which], 0, row, axis=1) for row, of_row in enumerate(conditions)])
        )
        for which in range(2)
    ]
    assert all(len(np.unique(spans[:, 0])) > 2 for spans in together)
    tags = chain.viterbi(emissions, mask)
    before = emissions.copy(), tags.copy()
    found = best_paths(chain, emissions, mask, tags, *together)
    assert all(np.array_equal(*pair) for pair in zip(before, (emissions, tags), strict=True))
    for row, length in enumerate(lengths):
        assert found[row, :length].tolist() == best_path(chain, emissions[row, :length], *conditions[row]).tolist()
        assert (found[row, length:] == -100).all()


def naive_best_score(chain, emissions, excluded):
    """Best score without excluded entities, by a search over tags and where the entity at hand began."""
    excluded = set(map(tuple, excluded.tolist()))
    tags = range(emissions.shape[1])
    begin_of = {tag: tag - 1 if tag and tag % 2 == 0 else tag for tag in tags}

    def begins(place, tag):
        return place if tag else None

    def ends_rightly(place, tag, start):
        begin = begin_of[tag]
        return not tag or (start, place, begin, begin + 1) not in excluded

    best = {(tag, begins(0, tag)): chain.start[tag] + emissions[0, tag] for tag in tags}
    for place in range(1, len(emissions)):
        reached = {}
        for (tag, start), score in best.items():
            for following in tags:
                goes_on = tag and following == begin_of[tag] + 1
                if goes_on or ends_rightly(place, tag, start):
                    state = following, start if goes_on else begins(place, following)
                    total = score + chain.transitions[tag, following] + emissions[place, following]
                    reached[state] = max(total, reached.get(state, -np.inf))
        best = reached
    return max(
        score + chain.end[tag] for (tag, start), score in best.items() if ends_rightly(len(emissions), tag, start)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_longer_sentences(kind):
    generator = np.random.default_rng(6)
    for case in range(6):
        chain = make_chain(kind, 2, generator)
        emissions = generator.normal(size=(30, 5)) + np.array([-2.0, 0.0, 2.0, 0.0, 2.0])
        spans = spans_of(30, 2)
        excluded = spans[generator.random(len(spans)) < (0.1, 0.5, 0.9)[case % 3]]
        found = best_path(chain, emissions, (), excluded)
        assert not are_entities(found[None], as_batch(excluded)).any()
        assert score_of(chain, emissions, found) == pytest.approx(naive_best_score(chain, emissions, excluded))


def test_a_state_is_added_for_each_place_where_excluded_spans_begin(monkeypatch):
    """However many spans begin there: 101 that begin at 5 places."""
    shapes, empty = [], np.empty
    monkeypatch.setattr(np, "empty", lambda shape, *dtype, **kind: shapes.append(shape) or empty(shape, *dtype, **kind))
    emissions = np.tile(np.array([0.0, 1.0, 5.0, 0.0, 0.0]), (250, 1))
    excluded = [(start, end, 1, 2) for start in range(0, 50, 10) for end in range(100, 120)] + [(0, 250, 1, 2)]
    found = best_path(NumpyCRF.independent(5), emissions, (), excluded)
    assert sorted(found.tolist()) == [1] + [2] * 249, "the cheapest change is one B more"
    assert (250, 5 + 5) in shapes


def test_a_best_path_that_meets_the_conditions_is_not_searched_for(monkeypatch):
    generator = np.random.default_rng(8)
    chain, emissions = make_chain("legal", 2, generator), generator.normal(size=(9, 5))
    path = best_path(chain, emissions)
    entities = tags_to_spans(path, {0: "O", 1: "B-X", 2: "I-X", 3: "B-Y", 4: "I-Y"})
    own = [(start, end, *{"X": (1, 2), "Y": (3, 4)}[name]) for start, end, name in entities]
    assert own
    monkeypatch.setattr(constrained_decoding, "_best_path_without", None)
    others = [span for span in spans_of(9, 2).tolist() if tuple(span) not in own]
    assert best_path(chain, emissions, own, others).tolist() == path.tolist()


def test_whether_a_span_is_an_entity_is_what_reading_all_says():
    generator = np.random.default_rng(9)
    tags = generator.integers(5, size=(40, 8))
    for row, length in enumerate(generator.integers(1, 9, size=40)):
        tags[row, length:] = -100
    found = find_entities(tags, {0: "O", 1: "B-X", 2: "I-X", 3: "B-Y", 4: "I-Y"})
    begin = np.array([{"X": 1, "Y": 3}[name] for name in found.types])[found.entities[:, 3]]
    expected = set(zip(*found.entities[:, :3].T.tolist(), begin.tolist(), strict=True))
    spans = np.array([(row, *span) for row in range(40) for span in spans_of(8, 2).tolist()])
    spans = spans[spans[:, 2] <= (tags != -100).sum(1)[spans[:, 0]]]
    assert {tuple(span[:4]) for span in spans[are_entities(tags, spans)].tolist()} == expected


@pytest.mark.parametrize(
    ("required", "excluded", "message"),
    [
        ([(1, 3, 1, 2), (2, 4, 3, 4)], [], "must not overlap"),
        ([(1, 3, 1, 2), (1, 3, 3, 4)], [], "must not overlap"),
        ([(1, 3, 1, 2)], [(1, 3, 1, 2)], "required and excluded"),
        ([(3, 5, 1, 2)], [], "within its sentence"),
        ([], [(2, 2, 1, 2)], "within its sentence"),
    ],
)
def test_conditions_that_cannot_be_met_are_refused(required, excluded, message):
    chain = NumpyCRF.independent(5)
    with pytest.raises(ValueError, match=message):
        best_path(chain, np.zeros((4, 5)), required, excluded)
    best_path(chain, np.zeros((4, 5)), [(1, 3, 1, 2)], [(1, 3, 3, 4), (1, 2, 1, 2)])


def test_a_chain_without_such_a_path():
    chain = NumpyCRF(np.zeros(3), np.full((3, 3), -np.inf), np.zeros(3))
    chain.transitions[1, 2] = 0.0  # B I is all that it knows
    assert best_path(chain, np.zeros((2, 3)), [(0, 2, 1, 2)]).tolist() == [1, 2]
    for required, excluded in (((), [(0, 2, 1, 2)]), ([(0, 1, 1, 2)], ())):
        with pytest.raises(ValueError, match="excludes every path"):
            best_path(chain, np.zeros((2, 3)), required, excluded)


def test_of_several_types_the_most_probable():
    generator = np.random.default_rng(10)
    chain, emissions = make_chain("legal", 3, generator), generator.normal(size=(3, 6, 7))
    mask = np.arange(6) < np.array([6, 2, 5])[:, None]
    pairs = [(2, 1, 4), (0, 0, 2), (0, 2, 6)]
    spans = np.array([(*pair, begin, begin + 1) for begin in (5, 1, 3) for pair in pairs] + [(1, 0, 2, 5, 6)])
    scores = chain.span_log_probabilities(emissions, spans, mask)
    best = {}
    for _, span in sorted(zip(scores, spans.tolist(), strict=True)):
        best[tuple(span[:3])] = span
    assert len({span[3] for span in best.values()}) > 1
    assert most_probable_types(chain, emissions, mask, spans).tolist() == [best[stretch] for stretch in sorted(best)]


# From here on, with a network.


@pytest.fixture(params=[{}, {"tag_decoder": "softmax"}], ids=["crf", "softmax"])
def tagger(request):
    return TorchTagger(make_model(**request.param))


@pytest.fixture
def sentences():
    return list(make_tokenizer().encode_records([*RECORDS, "考虑肺炎。左肺。"]))


@pytest.mark.parametrize("batch_characters", [1, 60, None])
def test_terms_are_entities_and_not_terms_are_none(tagger, sentences, batch_characters):
    plain = predict_sentences(tagger, sentences)
    known = []
    for sentence, prediction in zip(sentences, plain, strict=True):
        last = len(sentence.input_ids)
        terms = (Span(0, 1, "Drug"), Span(last - 1, last, "Anatomy"))[: last - 1] or (Span(0, 1, "Disease"),)
        not_terms = tuple(span for span in prediction.entities if span not in terms)
        known.append(sentence._replace(terms=terms, not_terms=not_terms))
    assert sum(len(sentence.not_terms) for sentence in known) > 10
    forced = predict_sentences(tagger, known, batch_characters, score="spans", force=True)
    unforced = predict_sentences(tagger, known, batch_characters)
    for sentence, with_force, without in zip(known, forced, unforced, strict=True):
        assert {*sentence.terms} <= {*with_force.entities}
        assert {*sentence.not_terms}.isdisjoint([*with_force.entities, *without.entities])
        assert len(with_force.tags) == len(sentence.input_ids) and len(with_force.scores) == len(with_force.entities)
    missing = [{*sentence.terms}.difference(item.entities) for sentence, item in zip(known, unforced, strict=True)]
    assert sum(map(bool, missing)) > 3, "nothing was forced"
    assert [item.in_entity.tolist() for item in forced] == [item.in_entity.tolist() for item in plain]


def test_scores_remain_the_networks_own(tagger, sentences):
    sentence = sentences[0]
    forced = sentence._replace(terms=(Span(2, 5, "Drug"),))
    (found,) = predict_sentences(tagger, [forced], score="spans", force=True)
    ((_, batch),) = tag_sentences(tagger, [sentence])
    score = dict(zip(found.entities, found.scores, strict=True))[Span(2, 5, "Drug")]
    ids = tagger.config.label2id
    span = np.array([(0, 2, 5, ids["B-Drug"], ids["I-Drug"])])
    expected = np.exp(tagger.chain.span_log_probabilities(batch.emissions, span, batch.mask))
    assert score == pytest.approx(expected[0])
    assert 0 < score < 0.5


def test_a_term_of_several_types_is_of_the_most_probable_that_is_not_excluded(tagger, sentences):
    sentence = sentences[1]
    types = ["Disease", "Anatomy", "Drug"]
    ((_, batch),) = tag_sentences(tagger, [sentence])
    spans = np.array([(0, 3, 6, 2 * number + 1, 2 * number + 2) for number in range(3)])
    assert [tagger.config.label2id[f"B-{name}"] for name in types] == spans[:, 3].tolist()
    order = np.argsort(-tagger.chain.span_log_probabilities(batch.emissions, spans, batch.mask))
    for stopped in range(3):
        terms = tuple(Span(3, 6, types[number]) for number in sorted(order[stopped:]))
        not_terms = tuple(Span(3, 6, types[number]) for number in order[:stopped])
        known = sentence._replace(terms=terms, not_terms=not_terms)
        (found,) = predict_sentences(tagger, [known], force=True)
        assert [span for span in found.entities if span[:2] == (3, 6)] == [Span(3, 6, types[order[stopped]])]


def test_what_is_known_of_a_sentence_keeps_it_apart(tagger, sentences):
    one, other = Span(0, 2, "Drug"), Span(1, 3, "Drug")
    plain = sentences[0]
    known = [
        plain,
        plain._replace(terms=(one,)),
        plain._replace(terms=(other,)),
        plain._replace(not_terms=(one,)),
        plain._replace(record=3, terms=(one,)),
        plain._replace(terms=(other,), not_terms=(one,)),
    ]
    ((places, batch),) = tag_sentences(tagger, known)
    assert sorted(places) == [[0], [1, 4], [2], [3], [5]] and len(batch.tags) == 5
    found = [set(item.entities) for item in predict_sentences(tagger, known, force=True)]
    assert [one in spans for spans in found] == [False, True, False, False, True, False]
    assert [other in spans for spans in found] == [False, False, True, False, False, True]
    assert found[1] == found[4]


def test_without_conditions_nothing_is_done(tagger, sentences, monkeypatch):
    expected = predict_sentences(tagger, sentences)
    monkeypatch.setattr(prediction_module, "constrain", None)
    terms = [sentence._replace(terms=(Span(0, 1, "Drug"),)) for sentence in sentences]
    for known, force in ((sentences, False), (sentences, True), (terms, False)):
        found = predict_sentences(tagger, known, force=force)
        assert [item.tags.tolist() for item in found] == [item.tags.tolist() for item in expected]


def test_sentences_without_conditions_stay_as_they_are_beside_others(tagger, sentences):
    expected = predict_sentences(tagger, sentences)
    known = [*sentences[:-1], sentences[-1]._replace(terms=(Span(0, 2, "Drug"),))]
    found = predict_sentences(tagger, known, force=True)
    assert [item.tags.tolist() for item in found[:-1]] == [item.tags.tolist() for item in expected[:-1]]
    assert found[-1].tags.tolist() != expected[-1].tags.tolist()


def test_a_network_that_only_segments_has_no_paths(sentences):
    known = [sentence._replace(terms=(Span(0, 1, "Drug"),)) for sentence in sentences]
    found = predict_sentences(TorchTagger(make_model(recognition_task=False)), known, force=True)
    assert not any(prediction.entities for prediction in found)
