"""A network's opinion: a recogniser that was trained on records whose identifiers are labelled."""

from collections.abc import Sequence

from ..recognition import EntityRecognizer
from ..recognition_settings import RecognitionSettings
from .finding import Recognise
from .identifiers import IDENTIFIER_TYPES, Identifier

RULE = "recogniser"


def identifier_recogniser(recognizer: EntityRecognizer, threshold: float = 0.5) -> Recognise:
    """What asks a network for the identifiers of texts.

    Args:
        recognizer: The network with its tokenizer.
        threshold: The least probability of an identifier.

    Raises:
        ValueError: If its entity types are not classes of identifiers.
    """
    types = recognizer.tokenizer.entity_types
    others = [name for name in types if name not in IDENTIFIER_TYPES]
    if others:
        raise ValueError(
            f"The network knows {', '.join(others)}, which are no classes of identifiers "
            f"({', '.join(IDENTIFIER_TYPES)}): it was trained on other records. "
            "`python -m data_scripts compose_identifiers` makes such records."
        )
    settings = RecognitionSettings(threshold=threshold)

    def recognise(texts: Sequence[str]) -> list[list[Identifier]]:
        return [
            [Identifier(entity["start"], entity["end"], entity["entity_group"], RULE) for entity in found]
            for found in recognizer.stream(texts, settings)
        ]

    return recognise
