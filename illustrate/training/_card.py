"""The model card that lies beside an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CARD = """# An adapter for the house's hand

A LoRA of rank {rank} for `{base}` ({family}{revision}), trained on {count} pairs of a prompt and a picture.
{parameters} parameters, {bytes} bytes. The licence of the base holds for what is drawn with it: read it before
pictures are published. {origin}

## Use

    DIFFUSION_MODEL={base} DIFFUSION_ADAPTERS=house=FOLDER DIFFUSION_ADAPTER=house

or, in Python, `pipeline.load_lora_weights("FOLDER")`. Prompts as `illustrate.render.prompt.prompt_of` writes them are
what it has learned from. It is meant for illustrations of news in this one look, and for nothing else.

## Training

| | |
|---|---|
| steps, batch, rate | {steps}, {batch}, {rate} |
| size of a picture | {width} x {height} pixels |
| numbers | {dtype} on {device} |
| seconds, peak memory | {seconds}, {memory} bytes |
| loss, mean of the first and the last {window} steps | {first}, {last} |
| loss under the same noise, examples {fixed_on}, before and after | {before}, {after} |
{style}
The loss of single steps says little: how hard a step is depends on its noise. The sheets in `samples/` show the same
invented news after each stretch of steps; `report.json` has all figures and options.
{warning}
## Limits

What the composer never draws, this adapter has not seen: real places, crowds seen close, writing. People come out as
the composer's personas at best; the product does not show a person drawn by a model without a check of likeness.
"""
_COMPOSED = (
    "The composer drew all examples, by rules: no photograph, no artist's\nwork and no person's likeness is among them."
)
_BROUGHT = (
    "{brought} of the examples were not drawn by the composer: their\n"
    "licences hold too, and whose work or likeness is among them is for whoever brought them to say."
)
_STYLE = (
    "| distance of the samples from the look, before and after; its own pictures have {inside} | {before}, {after} |\n"
)
_OVERFIT = """
**Not for use.** This one was trained on a single batch under a single noise (`--overfit`) to see that the loss can
fall. It has learned nothing of the look.
"""


def text(report: Mapping[str, Any]) -> str:
    """Markdown, from a training's report."""
    options, loss, style = report["options"], report["loss"], report["style"]
    brought = report["examples"]["count"] - report["examples"]["composed"]
    width, height = options["size"]
    return _CARD.format(
        rank=options["rank"], base=report["base"], family=report["family"],
        revision=f", revision {report['revision']}" if report["revision"] else "",
        origin=_BROUGHT.format(brought=brought) if brought else _COMPOSED, count=report["examples"]["count"],
        parameters=report["parameters"], bytes=report["adapter"]["bytes"], steps=report["steps"],
        batch=options["batch"], rate=options["rate"], width=width, height=height, dtype=options["dtype"],
        device=options["device"], seconds=report["seconds"], memory=report["peak_memory_bytes"],
        window=loss["window"], first=loss["first"], last=loss["last"], fixed_on=loss["fixed_on"],
        before=loss["fixed_before"], after=loss["fixed_after"], style=_STYLE.format(**style) if style else "",
        warning=_OVERFIT if options["overfit"] else "",
    )  # fmt: skip
