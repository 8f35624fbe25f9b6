"""Which encoding a file of text is in, told from its first bytes."""

import codecs
import re

HEAD_BYTES = 1 << 16
"""How many of a file's first bytes decide."""

_MARKS = (  # UTF-32's little-endian mark begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_CHINESE = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")


def find_encoding(head: bytes, encoding: str) -> str:
    """The encoding of a file that begins with `head`: what its mark says; UTF-8 if it is that; else `encoding`.

    A few characters of another encoding may be UTF-8 by chance (头 of GB18030 is ͷ), so that only such with a character
    of Chinese text is believed to be it.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head.isascii():
        return encoding
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # its last character may be cut
    except UnicodeDecodeError:
        return encoding
    return "utf-8" if _CHINESE.search(text) else encoding
