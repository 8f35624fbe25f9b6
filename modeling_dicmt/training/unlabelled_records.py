"""Records without labels, and which of their sentences are worth labelling."""

import hashlib
from collections.abc import Callable, Iterable, Iterator

from ..normalization import normalize
from ..sentences import cut_sentence, split_sentences

# What does not tell a sentence from another where it stands at its ends.
_MARKS = "。；;，,.： \t\n\v\f\r\x85\u2028\u2029"


class UnlabelledRecords:
    """Records without labels, read anew each time that they are gone through.

    Args:
        read: Gives their texts.

    Raises:
        ValueError: If there are none, or all are blank. What `read` raises, before any work is done.
    """

    def __init__(self, read: Callable[[], Iterable[str]]):
        self._read = read
        self.records = self.characters = 0
        digest, has_text = hashlib.sha256(), False
        for text in read():
            self.records += 1
            self.characters += len(text)
            has_text = has_text or bool(text.strip())
            content = text.encode("utf-8", "surrogatepass")
            digest.update(len(content).to_bytes(8, "little") + content)
        self.fingerprint = digest.hexdigest()[:16]
        if not has_text:
            raise ValueError("--unlabelled: there is no text in these files. Name files with records.")

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())


class UnseenSentences:
    """Tells the sentences of a stream of records that did not occur before; width, case and marks at the ends aside.

    Args:
        max_length: Characters above which a sentence is cut.
    """

    def __init__(self, max_length: int):
        self._max_length = max_length
        self._seen: set[bytes] = set()  # digests: a text that is only told apart need not be kept

    def starts(self, text: str) -> tuple[list[int], int]:
        """Offsets of a record's unseen sentences, or pieces of them, and how many it has that are not blank."""
        unseen, count = [], 0
        for sentence in split_sentences(text):
            for start, end in cut_sentence(text, sentence, self._max_length):
                content = normalize(text[start:end]).strip(_MARKS)
                if content:
                    count += 1
                    digest = hashlib.blake2b(content.encode("utf-8"), digest_size=16).digest()
                    if digest not in self._seen:
                        self._seen.add(digest)
                        unseen.append(start)
        return unseen, count
