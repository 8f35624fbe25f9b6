"""What a network and its terms are, in a hash each: the same wherever they are loaded from."""

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # which takes seconds to import
    from ..dictionary import ClinicalDictionary
    from ..modeling_dicmt import DicMTForTokenClassification
    from ..tokenization_dicmt import DicMTTokenizer

# What a configuration holds of where and how it was loaded.
_NO_SETTINGS = ("_name_or_path", "architectures", "auto_map", "dtype", "transformers_version")


def network_fingerprint(network: "DicMTForTokenClassification") -> str:
    """SHA-256 of a network's settings and weights."""
    settings = {name: value for name, value in network.config.to_dict().items() if name not in _NO_SETTINGS}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for name, weight in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def terms_fingerprint(tokenizer: "DicMTTokenizer", not_terms: "ClinicalDictionary") -> str:
    """SHA-256 of a tokenizer, with its dictionary and vetted terms, and of what is no entity."""
    digest = hashlib.sha256(not_terms.fingerprint.encode())
    with TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        for path in sorted(Path(folder).iterdir()):
            digest.update(f"{path.name}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
