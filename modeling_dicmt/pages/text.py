"""A text as HTML that shows it and obeys nothing in it.

Characters that a browser would not show, or that would turn the text around them, stand there by name, in a `span` of
the class `control` whose `data-code` is the code point: what is shown can be read back to the character.
"""

import re
from html import escape

# Controls, lone surrogates, and what is invisible: soft hyphen, Hangul fillers, zero-width space, marks and orders of
# direction, line and paragraph separators, byte order mark, letters of tags. Joiners and variation selectors stay,
# since emoji are made with them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


_NAMES = (
    "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
).split()


def visible(text: str) -> str:
    """A text for a name or a label: what shows nothing is named, in one line."""
    return _HIDDEN.sub(lambda match: f"[{_name(match[0])}]", " ".join(text.split()))


def text_html(text: str, start: int = 0, end: int | None = None) -> str:
    """A stretch of a text as HTML, for an element with `white-space: pre-wrap`.

    Args:
        text: The whole text.
        start: Where the stretch begins.
        end: Where it ends; default: with the text.
    """
    end = len(text) if end is None else end
    pieces, position = [], start
    for match in _HIDDEN.finditer(text, start, end):
        place = match.start()
        pieces += [escape(text[position:place]), _control(match[0], text[place + 1 : place + 2])]
        position = place + 1
    return "".join([*pieces, escape(text[position:end])])


def _control(character: str, following: str) -> str:
    if character == "\r" and following == "\n":
        return "&#13;"  # which a browser reads as it is; a raw one it would drop
    shown = f'<span class="control" data-code="{ord(character):04X}">{_name(character)}</span>'
    return f"{shown}<br>" if character in "\r\u2028\u2029" else shown


def _name(character: str) -> str:
    code = ord(character)
    return _NAMES[code] if code < len(_NAMES) else f"U+{code:04X}"
