"""The pipeline that `transformers.pipeline(model=…, trust_remote_code=True)` gives for a DicMT checkpoint."""

from collections.abc import Iterable
from typing import Any

from transformers import Pipeline

from .recognition import EntityRecognizer
from .recognition_settings import join_settings, read_settings
from .torch_tagger import TorchTagger


class DicMTPipeline(Pipeline):
    """Recognises entities in records of any length.

    A string gives the entities of that record, a list or tuple of strings a list, and any other iterable (a generator,
    a `datasets` column) an iterator, which reads on as it is consumed. Records are split into sentences, sentences
    batched by length, and nothing is truncated. See `EntityRecognizer.stream` for what an entity has.

    Args:
        aggregation_strategy: See `RecognitionSettings`, as for all that follow. Settings are given here or in a call.
        ignore_labels: Entity types (or tags) that are left out.
        threshold: The least score.
        dictionary: Reference lists that replace all of the checkpoint's own: a dictionary, a path, or
            `{list: [terms]}`.
        terms: Vetted terms besides the checkpoint's own, `{entity type: [terms]}`; those of a call are added to these.
        not_terms: What is no entity, a list of terms or `{entity type: [terms]}`; those of a call are added.
        force: Whether every vetted term is an entity.
        evidence: Whether each entity names the terms that it overlaps.
        batch_characters: Characters of a batch, padding included; default: what is fast.
        max_seconds: Time that a call may take.
        max_evidence: Names of lists that a call's evidence may hold.
        cpu_threads: See `TorchTagger`. Only given here, not in a call.

    `batch_size`, `num_workers` and `stride` of the stock pipeline are accepted and not needed.
    """

    default_input_names = "inputs"

    _load_processor = False
    _load_image_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, *args: Any, cpu_threads: int | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.recognizer = EntityRecognizer(TorchTagger(self.model, cpu_threads=cpu_threads), self.tokenizer)

    def __call__(self, inputs: str | Iterable[str], **settings: Any) -> list[dict[str, Any]] | Iterable[Any]:
        """Entities of a record, or of each of many; see `EntityRecognizer.__call__`.

        The base class would batch by number within a data loader; here sentences of all records are batched by length.
        """
        return self.recognizer(inputs, join_settings(self._postprocess_params, read_settings(settings)))

    def _sanitize_parameters(self, **settings: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        return {}, {}, read_settings(settings)

    # The base class's steps for one input by itself.

    def preprocess(self, text: str, **_: Any) -> dict[str, Any]:
        return {"texts": [text]}

    def _forward(self, inputs: dict[str, Any], **_: Any) -> dict[str, Any]:
        return inputs

    def postprocess(self, outputs: dict[str, Any], **settings: Any) -> list[dict[str, Any]]:
        return self.recognizer(outputs["texts"], settings)[0]
