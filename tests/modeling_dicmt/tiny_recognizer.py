"""A recogniser with the tiny network, what it is asked, and what of its answers tests compare."""

from tiny_network import RECORDS, SENTENCES, TERMS, make_model, make_tokenizer

from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.recognition_settings import RecognitionSettings
from modeling_dicmt.torch_tagger import TorchTagger

TEXTS = [*RECORDS, *SENTENCES]
NASTY = "肺炎患者左胃窦部\n\r\u2028。，a1ＣＴ　\t\x00\x1b\ud800\udfff😀𠂇\ufeff\u200b"

OTHER_TERMS = {"drug": ["患者左", "阴影"], "anatomy": ["胃镜"]}


def recognizer(**settings):
    return EntityRecognizer(TorchTagger(make_model(**settings)), make_tokenizer())


def entities_of(recognizer, texts, **settings):
    return list(recognizer.stream(texts, RecognitionSettings(**settings)))


def spans_of(answers):
    return [[(item["start"], item["end"], item["entity_group"]) for item in items] for items in answers]


def naive_evidence(text, entity):
    """Terms of `TERMS` within one sentence of the text that share a character with the entity."""
    found = []
    ends = [i for i, character in enumerate(text) if character in "。\n"]
    for term, lists in TERMS.items():
        for start in range(len(text)):
            end = start + len(term)
            seam = any(start <= place < end - 1 for place in ends)
            if len(term) > 1 and text[start:end] == term and not seam:
                if start < entity["end"] and entity["start"] < end:
                    found.append((start, end, term, sorted(lists)))
    return sorted(found)
