"""Vetted terms by the definition: one term, one place and one character at a time."""

import numpy as np

from modeling_dicmt.normalization import normalize
from modeling_dicmt.sentences import cut_sentence, split_sentences


def terms_of(lists):
    """`{term: lists}` of `{list: terms}`."""
    terms = {}
    for name, of_list in lists.items():
        for term in of_list:
            terms.setdefault(term, []).append(name)
    return terms


def types_of_terms(terms, types_of_list, excluded=None):
    """`{term: entity types}` of those of `{term: lists}` that can match, without those excluded."""
    types, forbidden = {}, types_of_terms(excluded, types_of_list) if excluded else {}
    for term, lists in terms.items():
        types.setdefault(normalize(term).strip(), set()).update(name for of in lists for name in types_of_list[of])
    left = {term: names - forbidden.get(term, set()) for term, names in types.items()}
    return {term: names for term, names in left.items() if names and len(term) <= 200}


def all_occurrences(text, terms):
    text = normalize(text)
    return [(start, start + len(term)) for term in terms for start in range(len(text)) if text.startswith(term, start)]


def longest_first(stretches):
    kept = []
    for start, end in sorted(stretches, key=lambda stretch: (stretch[0] - stretch[1], stretch[0])):
        if all(end <= first or last <= start for first, last in kept):
            kept.append((start, end))
    return sorted(kept)


def stretches_in_record(text, terms, max_sentence_length=250):
    """The terms of a record that count, `{(start, end): types}`: sentence by sentence, none across a cut."""
    found = {}
    for sentence in split_sentences(text):
        pieces = cut_sentence(text, sentence, max_sentence_length)
        for start, end in longest_first(all_occurrences(text[slice(*sentence)], terms)):
            start, end = sentence.start + start, sentence.start + end
            if any(piece.start <= start and end <= piece.end for piece in pieces):
                found[start, end] = terms[normalize(text)[start:end]]
    return found


def features_of(text, stretches, terms, entity_types):
    features = np.zeros((len(text), 4 * len(entity_types)), dtype=np.uint8)
    for start, end in stretches:
        for name in terms[normalize(text)[start:end]]:
            for place in range(start, end):
                bit = 3 if end - start == 1 else 0 if place == start else 2 if place == end - 1 else 1
                features[place, 4 * entity_types.index(name) + bit] = 1
    return features


def spans_of(text, stretches, terms, entity_types):
    return [
        (*stretch, name)
        for stretch in sorted(stretches)
        for name in entity_types
        if name in terms[normalize(text)[slice(*stretch)]]
    ]
