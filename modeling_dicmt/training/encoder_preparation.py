"""Arguments and text → the encoder that is pre-trained, its tokenizer, and what hides characters from it."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForMaskedLM, PreTrainedConfig, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from ..commands.checkpoint import load_encoder_config, load_encoder_tokenizer, load_masked_language_model
from ..configuration_dicmt import DicMTConfig
from ..dictionary import ClinicalDictionary
from ..normalization import normalize
from ..tokenization_dicmt import PAD_TOKEN, UNK_TOKEN, DicMTTokenizer
from .encoder_pretraining import MaskedCharacterModel
from .hidden_characters import HiddenCharacters
from .preparation import check_positions, renamed_special_tokens
from .pretraining_arguments import ENCODER_PRESETS, EncoderArguments, PreTrainedModelArguments
from .pretraining_preparation import build_pretraining_tokenizer
from .vocabulary import check_vocabulary

logger = logging.getLogger(__name__)

# Positions of a new BERT, those of what begins and ends a sentence included, as the published ones have them.
_POSITIONS = 512
_CLS_TOKEN, _SEP_TOKEN, _MASK_TOKEN = "[CLS]", "[SEP]", "[MASK]"
_NEEDED_TOKENS = ("pad", "unk", "cls", "sep", "mask")


class EncoderPreTraining(NamedTuple):
    """What the pre-training of an encoder begins with.

    Args:
        network: The encoder with the head that guesses characters.
        tokenizer: The encoder's own, saved with it.
        hidden: What hides characters.
    """

    network: MaskedCharacterModel
    tokenizer: PreTrainedTokenizerBase
    hidden: HiddenCharacters


def read_dictionary(encoder: EncoderArguments) -> ClinicalDictionary | None:
    """The terms that are hidden as a whole; None if the arguments name none."""
    if encoder.dictionary is None:
        return None
    return ClinicalDictionary.from_path(encoder.dictionary, encoding=encoder.dictionary_encoding)


def check_encoder(path: str, max_sentence_length: int) -> None:
    """Look at what is known of a checkpoint before any text is read.

    Raises:
        ValueError: If it is no BERT-family encoder, its tokenizer cannot hide or frame characters, or it takes shorter
            sentences.
    """
    config, tokenizer = load_encoder_config(path), load_encoder_tokenizer(path)
    lacking = [name for name in _NEEDED_TOKENS if getattr(tokenizer, f"{name}_token_id") is None]
    if lacking:
        raise ValueError(
            f"{path}: its tokenizer has no {' or '.join(f'{name}_token' for name in lacking)}, without which no "
            "character can be hidden from it: name the checkpoint of a masked language model, as BERT is one."
        )
    largest = max(tokenizer.get_vocab().values())
    if largest >= config.vocab_size:
        raise ValueError(
            f"{path}: its tokenizer has ids up to {largest}, its network takes those below {config.vocab_size}: the "
            "two are of different checkpoints. Copy it anew."
        )
    check_positions(path, config, max_sentence_length)


def build_encoder_pretraining(
    encoder: EncoderArguments,
    model: PreTrainedModelArguments,
    counts: Mapping[str, int],
    dictionary: ClinicalDictionary | None,
    seed: int,
) -> EncoderPreTraining:
    """The encoder that the arguments name or describe.

    Args:
        encoder: Which one it is.
        model: Its vocabulary's and sentences' limits.
        counts: How often each normalised character occurs in the text.
        dictionary: Terms that are hidden as a whole.
        seed: Seed of what is initialised.

    Raises:
        ValueError: If there is no such checkpoint, it is none that can be trained further, or its vocabulary is of
            other characters than the text's.
    """
    torch.manual_seed(seed)
    path = encoder.encoder_name_or_path
    if path is not None:
        check_encoder(path, model.max_sentence_length)
        tokenizer = load_encoder_tokenizer(path)
        network, new = load_masked_language_model(path)
        if new:
            logger.warning(
                "%s has no head that guesses characters, or a part of one only: %d of its weights begin untrained.",
                path,
                len(new),
            )
    else:
        tokenizer = _new_tokenizer(build_pretraining_tokenizer(model, counts).get_vocab())
        config = _new_config(encoder, tokenizer)
        check_positions(f"--encoder_preset {encoder.encoder_preset}", config, model.max_sentence_length)
        network = BertForMaskedLM(config)
    characters = DicMTTokenizer(
        renamed_special_tokens(tokenizer),
        entity_types=DicMTConfig().entity_types,  # of no use here, as are features
        ngram_sizes=[],
        max_sentence_length=model.max_sentence_length,
    )
    if path is not None:
        remedy = (
            "Name one of Chinese characters (google-bert/bert-base-chinese), or make a new one of this text's "
            "characters by --encoder_preset."
        )
        check_vocabulary(characters.get_vocab(), counts, f"--encoder_name_or_path {path}", remedy)
    hidden = HiddenCharacters(characters, tokenizer, encoder.masked_share, dictionary)
    return EncoderPreTraining(MaskedCharacterModel(network), tokenizer, hidden)


def _new_config(encoder: EncoderArguments, tokenizer: PreTrainedTokenizerBase) -> PreTrainedConfig:
    sizes = ENCODER_PRESETS[encoder.encoder_preset]._asdict()
    del sizes["learning_rate"]
    return BertConfig(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        max_position_embeddings=_POSITIONS,
        **sizes,
    )


def _new_tokenizer(vocabulary: Mapping[str, int]) -> PreTrainedTokenizerFast:
    """A tokenizer that transformers itself loads: a token a character, [CLS] before and [SEP] after them.

    Unlike BERT's own it splits numbers and Latin words, too, as the encoder learns them; and it folds width and case as
    the text is folded.
    """
    vocabulary = dict(vocabulary)
    for token in (_CLS_TOKEN, _SEP_TOKEN, _MASK_TOKEN):
        vocabulary[token] = len(vocabulary)
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token=UNK_TOKEN))
    plane = map(chr, (*range(0xD800), *range(0xE000, 0x10000)))  # without surrogates, which no tokenizer takes
    folded = ((character, normalize(character)) for character in plane)
    backend.normalizer = normalizers.Sequence(
        [normalizers.Replace(old, new) for old, new in folded if old != new and new in vocabulary]
    )
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated")
    backend.post_processor = processors.TemplateProcessing(
        single=f"{_CLS_TOKEN} $A {_SEP_TOKEN}",
        pair=f"{_CLS_TOKEN} $A {_SEP_TOKEN} $B:1 {_SEP_TOKEN}:1",
        special_tokens=[(token, vocabulary[token]) for token in (_CLS_TOKEN, _SEP_TOKEN)],
    )
    backend.decoder = decoders.Fuse()  # no blanks between characters
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=PAD_TOKEN,
        unk_token=UNK_TOKEN,
        cls_token=_CLS_TOKEN,
        sep_token=_SEP_TOKEN,
        mask_token=_MASK_TOKEN,
        model_max_length=_POSITIONS,
    )
