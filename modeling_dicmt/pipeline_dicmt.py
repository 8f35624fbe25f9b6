"""The pipeline that `transformers.pipeline(model=…, trust_remote_code=True)` gives for a DicMT checkpoint."""

from collections.abc import Iterable, Iterator
from typing import Any

from transformers import Pipeline

from .labelling import TorchLabeller
from .recognition import EntityRecognizer, RecognitionSettings, check_text


class DicMTPipeline(Pipeline):
    """Recognises entities in records of any length.

    A string gives the entities of that record, a list or tuple of strings a list, and any other iterable (a generator,
    a `datasets` column) an iterator, which reads on as it is consumed. Records are split into sentences, sentences
    batched by length, and nothing is truncated. See `EntityRecognizer.stream` for what an entity has.

    Args:
        aggregation_strategy: See `RecognitionSettings`, as for all that follow. Settings are given here or in a call.
        ignore_labels: Entity types (or tags) that are left out.
        threshold: The least score.
        dictionary: Terms in place of the checkpoint's own: a dictionary, a path, or `{list: [terms]}`.
        evidence: Whether each entity names the dictionary's terms that it overlaps.
        batch_characters: Characters of a batch, padding included.

    `batch_size`, `num_workers` and `stride` of the stock pipeline are accepted and not needed.
    """

    default_input_names = "inputs"

    _load_processor = False
    _load_image_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.recognizer = EntityRecognizer(TorchLabeller(self.model), self.tokenizer)
        RecognitionSettings(**self._postprocess_params)  # a wrong setting is told now, not with the first record

    def __call__(self, inputs: str | Iterable[str], **settings: Any) -> list[dict[str, Any]] | Iterable[Any]:
        """Entities of a record, or of each of many.

        Args:
            inputs: A record's text, or an iterable of texts.
            **settings: Settings for this call.

        Raises:
            ValueError: If a text is no string, or a setting is of no use.
        """
        if isinstance(inputs, str):
            return super().__call__([inputs], **settings)[0]
        if isinstance(inputs, list | tuple):
            for number, text in enumerate(inputs):  # before any work is done, and before the base class looks for chats
                check_text(number, text)
            return super().__call__(list(inputs), **settings) if inputs else []
        try:
            texts = None if isinstance(inputs, bytes | bytearray | dict) else iter(inputs)
        except TypeError:
            texts = None
        if texts is None:
            raise ValueError(
                f"Pass a record's text (a string) or an iterable of texts, got {type(inputs).__name__}. Of a dataset "
                'pass the column: dataset["text"].'
            )
        return super().__call__((text for text in texts), **settings)

    def _sanitize_parameters(self, **settings: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        settings = {name: value for name, value in settings.items() if value is not None and name != "stride"}
        known = RecognitionSettings.__dataclass_fields__
        unknown = [name for name in settings if name not in known]
        if unknown:
            raise ValueError(f"Unknown settings {', '.join(unknown)}; this pipeline has {', '.join(known)}.")
        return {}, {}, settings

    def get_iterator(
        self,
        inputs: Iterable[str],
        num_workers: int,
        batch_size: int,
        preprocess_params: dict[str, Any],
        forward_params: dict[str, Any],
        postprocess_params: dict[str, Any],
    ) -> Iterator[list[dict[str, Any]]]:
        """In place of the base class's data loader: batches across records, by length instead of by number."""
        return self.recognizer.stream(inputs, RecognitionSettings(**postprocess_params))

    # The base class's steps for one input by itself.

    def preprocess(self, text: str, **_: Any) -> dict[str, Any]:
        return {"texts": [text]}

    def _forward(self, inputs: dict[str, Any], **_: Any) -> dict[str, Any]:
        return inputs

    def postprocess(self, outputs: dict[str, Any], **settings: Any) -> list[dict[str, Any]]:
        return next(self.recognizer.stream(outputs["texts"], RecognitionSettings(**settings)))
