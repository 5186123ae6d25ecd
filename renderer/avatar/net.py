"""The three small nets of an avatar, and nothing else. Read top to bottom: sound → code → pixels, and pixels → code.

A code is a whitened vector of CODE numbers that says what the mouth looks like. Painter draws it; Encoder reads it off
a picture (training only); Driver predicts it from phonemes and sound.
"""

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

CODE = 16  # numbers in a mouth code
BINS = 4  # 10 ms steps in a frame of 40 ms
PHONES = 15  # viseme classes
BANDS = 24  # mel bands
CROP = 160  # side of the square that is redrawn, pixels


class Block(nn.Module):
    """Residual block whose channels the code scales and shifts (FiLM)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.film = nn.Linear(CODE, channels * 2)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:  # (b, c, h, w), (b, CODE) → (b, c, h, w)
        scale, shift = self.film(code)[..., None, None].chunk(2, 1)
        y = F.relu(self.first(x)) * (1 + scale) + shift
        return F.relu(x + self.second(y))


class Painter(nn.Module):
    """Code and the picture around the mouth → the whole crop. A U-Net at a quarter of the resolution."""

    def __init__(self, wide: int = 56) -> None:
        super().__init__()
        self.enter = nn.Conv2d(4 * 16, wide, 3, padding=1)
        self.down2 = nn.Conv2d(wide, wide * 3 // 2, 3, stride=2, padding=1)
        self.down4 = nn.Conv2d(wide * 3 // 2, wide * 2, 3, stride=2, padding=1)
        self.deep = nn.ModuleList([Block(wide * 2) for _ in range(2)])
        self.up4 = nn.Conv2d(wide * 2, wide * 3 // 2, 3, padding=1)
        self.middle = nn.ModuleList([Block(wide * 3 // 2) for _ in range(2)])
        self.up2 = nn.Conv2d(wide * 3 // 2, wide, 3, padding=1)
        self.fine = nn.ModuleList([Block(wide) for _ in range(3)])
        self.leave = nn.Conv2d(wide, 3 * 16, 3, padding=1)

    def forward(self, around: Tensor, code: Tensor) -> Tensor:
        """around (b, 4, CROP, CROP): RGB in −1…1 with the mouth blanked, and the blank's mask; → RGB (b, 3, CROP, CROP)."""
        a = F.relu(self.enter(F.pixel_unshuffle(around, 4)))
        b = F.relu(self.down2(a))
        x = F.relu(self.down4(b))
        for block in self.deep:
            x = block(x, code)
        x = b + F.relu(self.up4(F.interpolate(x, scale_factor=2.0)))
        for block in self.middle:
            x = block(x, code)
        x = a + F.relu(self.up2(F.interpolate(x, scale_factor=2.0)))
        for block in self.fine:
            x = block(x, code)
        return F.pixel_shuffle(self.leave(x), 4)


class Encoder(nn.Module):
    """A true crop → its code. Batch-normalised without learned scale, so that codes come out whitened."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3 * 16, 32, 48, 64, 64)
        self.steps = nn.ModuleList(
            [nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(widths)]
        )
        self.leave = nn.Linear(widths[-1] * 9, CODE)
        self.whiten = nn.BatchNorm1d(CODE, affine=False, momentum=0.02)

    def forward(self, crop: Tensor) -> Tensor:  # (b, 3, CROP, CROP) → (b, CODE)
        x = F.pixel_unshuffle(crop, 4)
        for step in self.steps:
            x = F.leaky_relu(step(x), 0.1)
        out: Tensor = self.whiten(self.leave(x.flatten(1)))
        return out


class Driver(nn.Module):
    """Phonemes and sound → codes, one a frame, each seeing about a third of a second on both sides."""

    def __init__(self, wide: int = 96) -> None:
        super().__init__()
        self.phones = nn.Conv1d(BINS * PHONES + 1, wide, 5, padding=2)
        self.sound = nn.Conv1d(BINS * BANDS + 1, wide, 5, padding=2)
        self.mix = nn.Conv1d(wide, wide, 5, padding=2)
        self.again = nn.Conv1d(wide, wide, 5, padding=2)
        self.leave = nn.Conv1d(wide, CODE, 1)
        self.drop = nn.Dropout(0.15)

    def forward(self, phones: Tensor, sound: Tensor) -> Tensor:
        """phones (b, BINS·PHONES + 1, n), sound (b, BINS·BANDS + 1, n); the last channel says that it is known."""
        x = F.gelu(self.phones(phones) + self.sound(sound))
        x = x + F.gelu(self.mix(self.drop(x)))
        x = x + F.gelu(self.again(self.drop(x)))
        out: Tensor = self.leave(x)
        return out


def shapes(*nets: tuple[str, nn.Module]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors of some nets, as they stand in a pack."""
    return {f"{name}.{key}": tuple(value.shape) for name, net in nets for key, value in net.state_dict().items()}
