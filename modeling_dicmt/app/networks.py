"""The networks that visitors choose from: loaded once, told apart by names that give no path away."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..commands.checkpoint import load_network, load_tokenizer
from ..commands.recognition_arguments import RecognitionArguments, read_terms
from ..dictionary import ClinicalDictionary
from ..recognition import EntityRecognizer, with_type
from ..recognition_settings import RecognitionSettings
from ..tokenization_dicmt import DicMTTokenizer
from ..torch_tagger import TorchTagger
from .errors import Deadline, VisitorError

Entities = list[dict[str, Any]]


class Network:
    """A trained network with the terms that the page was started with.

    Args:
        path: Its folder, or its name on the Hub.
        arguments: Terms and device.
        cpu_threads: Threads of a call.

    Raises:
        ValueError: If it cannot be read, finds no entities, or the terms cannot be used with it.
    """

    def __init__(self, path: str, arguments: RecognitionArguments, cpu_threads: int = 1):
        self.tokenizer: DicMTTokenizer = load_tokenizer(path)
        self._not_terms = read_terms(self.tokenizer, arguments)
        self._force, self._batch_characters = arguments.force_terms, arguments.batch_characters
        self._tagger = TorchTagger(load_network(path).to(arguments.device), cpu_threads=cpu_threads)
        EntityRecognizer(self._tagger, self.tokenizer)  # which says at once if it was trained to segment alone

    @property
    def types(self) -> tuple[str, ...]:
        """Its entity types, in order."""
        return tuple(self.tokenizer.entity_types)

    @property
    def has_channel(self) -> bool:
        """Whether it has learnt to believe vetted terms; without that they have to be forced."""
        return self.tokenizer.lexicon.has_channel

    def recognise(
        self,
        texts: Sequence[str],
        deadline: Deadline,
        terms: ClinicalDictionary | None = None,
        not_terms: ClinicalDictionary | None = None,
        force: bool = False,
    ) -> list[Entities]:
        """The entities of each of some texts, `start`, `end`, `type`, `word`, `score` and possibly `forced`.

        Args:
            texts: The texts.
            deadline: When the call ends, done or not.
            terms: A visitor's vetted terms, for the call alone, besides the page's own.
            not_terms: Likewise what is no entity.
            force: Whether each vetted term is an entity wherever it occurs.

        Raises:
            VisitorError: If no time is left, or the terms occur too often.
        """
        excluded = self._not_terms if not_terms is None else self._not_terms.merge(not_terms)
        settings = RecognitionSettings(
            terms=terms,
            not_terms=excluded if len(excluded) else None,
            force=self._force or force,
            batch_characters=self._batch_characters,
            max_seconds=deadline.left(),
        )
        # One a call, since it remembers the terms of its last one: nothing of a visitor outlives a request.
        recognizer = EntityRecognizer(self._tagger, self.tokenizer)
        try:
            return [[with_type(entity) for entity in found] for found in recognizer.stream(list(texts), settings)]
        except TimeoutError:
            raise VisitorError("took too long", seconds=f"{deadline.seconds:g}") from None
        except ValueError:
            if terms is None and not_terms is None:
                raise
            raise VisitorError("terms occur too often") from None


class Networks(Mapping[str, Network]):
    """The page's networks by the names that visitors see.

    Args:
        paths: Folders, or names on the Hub.
        arguments: Terms and device.
        cpu_threads: Threads of a call.

    Raises:
        ValueError: As for each of them.
    """

    def __init__(self, paths: Sequence[str], arguments: RecognitionArguments, cpu_threads: int = 1):
        self._networks: dict[str, Network] = {}
        for path in paths:
            shown = Path(path).resolve().name if Path(path).exists() else path
            copies = sum(name == shown or name.startswith(f"{shown} (") for name in self._networks)
            name = f"{shown} ({copies + 1})" if copies else shown
            self._networks[name] = Network(path, arguments, cpu_threads)

    def __getitem__(self, name: str) -> Network:
        return self._networks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._networks)

    def __len__(self) -> int:
        return len(self._networks)

    def chosen(self, name: object) -> Network:
        """The network that a visitor chose.

        Raises:
            VisitorError: If it is none of them: no name that a visitor sends is ever taken for a path.
        """
        if not isinstance(name, str) or name not in self._networks:
            raise VisitorError("no such network")
        return self._networks[name]
