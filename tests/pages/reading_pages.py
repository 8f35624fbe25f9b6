"""Pages read back with a parser of the standard library: which text they show, and which entities are marked in it."""

from html.parser import HTMLParser

_VOID = {"br", "meta", "input"}


class Reading(HTMLParser):
    """A page, or a fragment of one.

    Args:
        html: The page.

    Attributes:
        text: The text of all elements with the class `text`, each control character read back from its name.
        marked: For each mark of the last such element its text, by `data-n`.
        elements: Names of all elements with their attributes.
        scripts: Attributes and content of each script.
    """

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.text, self.marked, self.elements, self.scripts = "", {}, [], []
        self._stack: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert not self._stack, f"not closed: {self._stack}"

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert len(attributes) == len(attrs)
        self.elements.append((tag, attributes))
        if tag == "script":
            self.scripts.append([attributes, ""])
        if "text" in self._classes(attributes):
            self.marked = {}
        if tag == "mark":
            self.marked.setdefault(int(attributes["data-n"]), "")
        if tag not in _VOID:
            self._stack.append((tag, attributes))
        if attributes.get("class") == "control":
            self._add(chr(int(attributes["data-code"], 16)))

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._stack.pop()[0] == tag

    def handle_data(self, data):
        if self._stack and self._stack[-1][0] == "script":
            self.scripts[-1][1] += data
        if not any(attributes.get("class") == "control" for _, attributes in self._stack):
            self._add(data)

    def _add(self, text):
        if any("text" in self._classes(attributes) for _, attributes in self._stack):
            self.text += text
            for tag, attributes in self._stack:
                if tag == "mark":
                    self.marked[int(attributes["data-n"])] += text

    @staticmethod
    def _classes(attributes):
        return (attributes.get("class") or "").split()
