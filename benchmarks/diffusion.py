"""What full-size image models cost on an accelerator: architectures of listed families with random weights.

How long a picture takes does not depend on what the weights know, so nothing is downloaded: each model is built from
its published configuration on the device itself, and painted with by the code that paints for articles. Such pictures
are noise; no word about quality comes from here. `python -m benchmarks.diffusion --out F [--seconds N]` writes all
figures as JSON while it goes; without an accelerator it says so and measures nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def run() -> dict[str, float]:
    """The figures at 1024 x 1024; none where there is no accelerator."""
    import torch

    if not torch.cuda.is_available():
        print("diffusion: no accelerator here, nothing is measured", file=sys.stderr)
        return {}
    from benchmarks._diffusion import Bench

    figures = Bench(Path("build/diffusion.json"), 150.0).run()
    return {
        f"{family}_batch{point['batch']}_pictures_per_second": point["pictures_per_second"]
        for family in ("flux2-klein-4b", "sdxl")
        for point in figures.get(family, {}).get("points", [])
        if (point["width"], point["height"]) == (1024, 1024) and "pictures_per_second" in point
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diffusion", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=150.0, help="what is left to measure then, is left")
    parser.add_argument("--tiny", action="store_true", help="tiny models on any device, to try the way itself")
    options = parser.parse_args()
    import torch

    if not torch.cuda.is_available() and not options.tiny:
        print("no accelerator here, nothing is measured", file=sys.stderr)
        return 0
    from benchmarks._diffusion import Bench

    figures = Bench(options.out, options.seconds, tiny=options.tiny).run()
    print(json.dumps({name: each for name, each in figures.items() if name != "failed"})[:3000])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
