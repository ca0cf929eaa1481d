"""Models that look at pictures, small enough for a test: the real classes with random weights, saved as real ones are.

They load through the same calls as the published ones and say nonsense: nothing that they answer is a quality result.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WIDE = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
SIDE, PATCH = 32, 8  # of what the vision parts see, pixels

# As the families write a chat.
QWEN_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% for part in message.content %}"
    "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SMOL_CHAT = (
    "<|im_start|>{% for message in messages %}{{ message.role | capitalize }}:{% for part in message.content %}"
    "{% if part.type == 'image' %}<image>{% else %} {{ part.text }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)


def qwen3_vl(folder: Path) -> Path:
    """Qwen3-VL; its processor's part for films is not saved, as there is no torchvision."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    pad, _, end, before, after, image, video = special = (
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
        "<|video_pad|>",
    )  # fmt: skip
    tokenizer = byte_tokenizer(special, eos_token=end, pad_token=pad, chat_template=QWEN_CHAT)
    number = tokenizer.convert_tokens_to_ids
    _seeded()
    model = Qwen3VLForConditionalGeneration(
        Qwen3VLConfig(
            text_config=WIDE
            | {
                "vocab_size": len(tokenizer), "num_key_value_heads": 1, "head_dim": 16, "max_position_embeddings": 2048,
                "rope_parameters": {
                    "rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0, "mrope_interleaved": True
                },
                "eos_token_id": number(end), "pad_token_id": number(pad),
            },
            vision_config={
                "depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2, "patch_size": PATCH,
                "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": 32, "num_position_embeddings": 16,
                "deepstack_visual_indexes": [0, 1],
            },
            image_token_id=number(image), video_token_id=number(video), vision_start_token_id=number(before),
            vision_end_token_id=number(after),
        )
    )  # fmt: skip
    model.save_pretrained(folder)
    images = Qwen2VLImageProcessorPil(
        patch_size=PATCH, merge_size=2, temporal_patch_size=2,
        size={"shortest_edge": SIDE * SIDE, "longest_edge": 4 * SIDE * SIDE},
    )  # fmt: skip
    images.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # As published: the name of the processor that torchvision computes, and a part for films.
    _rewrite(
        folder / "preprocessor_config.json",
        image_processor_type="Qwen2VLImageProcessorFast",
        processor_class="Qwen3VLProcessor",
    )
    _rewrite(folder / "video_preprocessor_config.json", video_processor_type="Qwen3VLVideoProcessor")
    return folder


def smolvlm(folder: Path) -> Path:
    """SmolVLM2, whose own processor wants packages that only films need."""
    from transformers import Idefics3Processor, SmolVLMConfig, SmolVLMForConditionalGeneration
    from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

    special = (
        "<|endoftext|>", "<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<image>", "<global-img>",
        *(f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)),
    )  # fmt: skip
    tokenizer = byte_tokenizer(special, eos_token="<end_of_utterance>", pad_token="<|endoftext|>")
    number = tokenizer.convert_tokens_to_ids
    _seeded()
    model = SmolVLMForConditionalGeneration(
        SmolVLMConfig(
            text_config=WIDE
            | {
                "model_type": "llama", "vocab_size": len(tokenizer), "num_key_value_heads": 1,
                "max_position_embeddings": 2048, "eos_token_id": number("<end_of_utterance>"),
                "pad_token_id": number("<|endoftext|>"),
            },
            vision_config=WIDE | {"image_size": SIDE, "patch_size": PATCH},
            image_token_id=number("<image>"), scale_factor=2, pad_token_id=number("<|endoftext|>"),
        )
    )  # fmt: skip
    model.save_pretrained(folder)
    images = SmolVLMImageProcessorPil(
        do_image_splitting=True, max_image_size={"longest_edge": SIDE}, size={"longest_edge": 2 * SIDE}
    )
    Idefics3Processor(images, tokenizer, image_seq_len=4, chat_template=SMOL_CHAT).save_pretrained(folder)
    _rewrite(folder / "processor_config.json", processor_class="SmolVLMProcessor")
    return folder


def llava(folder: Path) -> Path:
    """Llava over Llama and CLIP, without a chat's form."""
    from transformers import LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = byte_tokenizer(
        ("<pad>", "<s>", "</s>", "<image>"), bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    number = tokenizer.convert_tokens_to_ids
    _seeded()
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            text_config=WIDE
            | {
                "model_type": "llama", "vocab_size": len(tokenizer), "max_position_embeddings": 2048,
                "eos_token_id": number("</s>"), "pad_token_id": number("<pad>"),
            },
            vision_config=WIDE
            | {"model_type": "clip_vision_model", "image_size": SIDE, "patch_size": PATCH, "projection_dim": 16},
            image_token_index=number("<image>"), vision_feature_select_strategy="default", vision_feature_layer=-1,
        )
    )  # fmt: skip
    model.save_pretrained(folder)
    images = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    LlavaProcessor(
        images, tokenizer, patch_size=PATCH, vision_feature_select_strategy="default", num_additional_image_tokens=1
    ).save_pretrained(folder)
    return folder


def florence2(folder: Path) -> Path:
    """Florence-2: DaViT and BART, with the tokens of places in a picture."""
    import torch
    from transformers import Florence2Config, Florence2ForConditionalGeneration, Florence2Processor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = byte_tokenizer(
        ("<s>", "<pad>", "</s>", "<image>", *(f"<loc_{place}>" for place in range(1000))),
        bos_token="<s>", eos_token="</s>", pad_token="<pad>", extra_special_tokens={"image_token": "<image>"},
    )  # fmt: skip
    number = tokenizer.convert_tokens_to_ids
    _seeded(1)
    model = Florence2ForConditionalGeneration(
        Florence2Config(
            text_config={
                "model_type": "bart", "vocab_size": len(tokenizer), "d_model": 32, "encoder_layers": 1,
                "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 48,
                "decoder_ffn_dim": 48, "max_position_embeddings": 512, "bos_token_id": number("<s>"),
                "eos_token_id": number("</s>"), "pad_token_id": number("<pad>"),
                "decoder_start_token_id": number("</s>"), "forced_eos_token_id": number("</s>"),
            },
            vision_config={
                "depths": [1, 1, 1, 1], "embed_dim": [8, 8, 16, 16], "num_heads": [1, 1, 2, 2],
                "num_groups": [1, 1, 2, 2], "window_size": 2, "projection_dim": 32, "max_temporal_embeddings": 4,
                "max_position_embeddings": 8,
            },
            image_token_id=number("<image>"), projection_dim=32,
        )
    )  # fmt: skip
    with torch.no_grad():  # or it would say nothing, or places only
        model.get_input_embeddings().weight[[number("</s>"), *range(number("<loc_0>"), len(tokenizer))]] = 0
    model.save_pretrained(folder)
    images = CLIPImageProcessorPil(
        size={"height": 2 * SIDE, "width": 2 * SIDE}, crop_size={"height": 2 * SIDE, "width": 2 * SIDE},
        do_center_crop=False, image_seq_length=5,
    )  # fmt: skip
    images.image_seq_length = 5  # 2x2 places of the last stage, and their mean
    Florence2Processor(images, tokenizer, post_processor_config={"pure_text": {}}).save_pretrained(folder)
    return folder


def byte_tokenizer(special: Sequence[str], **more: Any) -> Any:
    """Every byte is a token, and each of the special words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(letters)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(special))
    return PreTrainedTokenizerFast(tokenizer_object=made, **more)


def _rewrite(file: Path, **values: str) -> None:
    known = json.loads(file.read_text("utf-8")) if file.exists() else {}
    file.write_text(json.dumps(known | values), "utf-8")


def _seeded(seed: int = 7) -> None:
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
