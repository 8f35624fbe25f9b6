"""CCKS2018 CNER: histories of present illness; `DIR/train/`, `DIR/test/`; exclusive end offsets."""

from .ccks2017 import CCKSCorpus


class CCKS2018(CCKSCorpus):
    """CCKS2018 task 1. Each occurrence of a mention is annotated (published counts take each once a record)."""

    name = "ccks2018"
    layout = "train/NAME-1.txtoriginal.txt and NAME-1.txt, test/… likewise (end exclusive)"
    inclusive_end = False
    sections = False
