"""Texts of which nothing is known but the text, as a pre-training reads them: taken one by one, and counted."""

import hashlib
import hmac
import json
from collections import Counter
from hashlib import blake2b
from pathlib import Path

from ..normalization import normalize
from .arguments import IdentifierArguments
from .deidentifier import Deidentifier
from .policies import Policies
from .rules import LISTS, RULES_FOLDER

# Beside this folder's files: what decides where a pattern or a known name is found.
_FLAT_CODE = ("normalization", "vetted_terms", "dictionary_features", "ngram_matching")


class DocumentDeidentifier:
    """Takes identifiers out of documents, each of which is a patient of its own.

    What becomes of a document follows from it, the settings and the secret alone: not from what was read before, nor
    from who reads it. Documents that are equal after normalisation remain so.

    Args:
        arguments: What is looked for, and what becomes of it.
        secret: Bytes that decide about surrogates. Whoever has them, and a surrogate, can try out what it stands for:
            they must be as hard to come by as the documents themselves.

    Attributes:
        policies: What becomes of each class.
        found: How many identifiers of each class were found so far.
        name: Changes with all that the new texts follow from: settings, rules, known names, secret and code. None of
            them can be told from it.

    Raises:
        ValueError: If a rule or the list of names cannot be used.
    """

    def __init__(self, arguments: IdentifierArguments, secret: bytes):
        names = arguments.known_names()
        key = hmac.digest(secret, b"surrogates", "sha256")
        self.policies = Policies.from_options(arguments.policies)
        self.found: Counter[str] = Counter()
        content = {
            "policies": dict(self.policies),
            "names": None if names is None else names.fingerprint,
            "files": [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in _files(arguments.rules)],
        }
        self.name = hmac.digest(key, json.dumps(content).encode(), "sha256").hex()
        self._deidentify = Deidentifier(self.policies, arguments.build_finder(names), key)

    def __call__(self, text: str) -> str:
        """A document's new text."""
        group = blake2b(normalize(text).strip().encode(), digest_size=16).hexdigest()
        done = self._deidentify(text, group)
        self.found.update(item.type for item in done.identifiers)
        return done.edited.text


def _files(rules: str | None) -> list[Path]:
    """Rules, lists and code, in an order that does not depend on where they are."""
    package = Path(__file__).parent
    files = [*sorted(package.glob("*.py")), *(package.parent / f"{name}.py" for name in _FLAT_CODE)]
    for folder in (RULES_FOLDER, *([] if rules is None else [Path(rules)])):
        for pattern in ("*.yaml", "*.yml", f"{LISTS}/*"):
            files += sorted(path for path in folder.glob(pattern) if path.is_file())
    return files
