"""Footage → what training needs: 25 frames a second at 720×1280, a steady crop of the lower face, sound, phonemes."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderer.avatar.landmarks import CHIN, LEFT_EYE, MOUTH, RIGHT_EYE, RIGID, FaceTracker, Rgb, similarity
from renderer.avatar.net import CROP
from renderer.avatar.pack import AvatarError
from renderer.media import FPS, HEIGHT, SAMPLE_RATE, SAMPLES_PER_FRAME, WIDTH, Pcm
from renderer.visemes import visemes

F32 = NDArray[np.float32]
Progress = Callable[[str, float], None]  # stage, share done

MIN_S, MAX_S = 20.0, 180.0
MIN_EYES = 70  # pixels between the outer eye corners
MAX_LOST = 0.02  # share of frames without a face that is bridged
CROP_EYES = 1.36  # side of the crop, in distances between the outer eye corners
STEADY = 2.0  # frames of Gaussian smoothing on the head's transform


@dataclass(frozen=True)
class Footage:
    """A prepared clip. Crops are uint8 (n, CROP, CROP, 3); transforms (n, 2, 3) take crop pixels to picture pixels."""

    crops: NDArray[np.uint8]
    transforms: F32
    landmarks: F32  # (n, 468, 2), picture pixels
    thumbs: F32  # (n, 80, 45) luma, for finding frames that look alike
    pcm: Pcm
    phones: list[tuple[str, int, int]] | None  # viseme, start, end in samples

    @property
    def frames(self) -> int:
        return len(self.crops)


def prepare(video: Path, phonemes: Path | None, progress: Progress) -> Footage:
    """Read, track and crop. Raises AvatarError with the seconds at fault."""
    pcm = read_sound(video)
    tracker, marks, thumbs, total = FaceTracker(), [], [], _length(video)
    for k, picture in enumerate(pictures(video)):
        marks.append(_checked(tracker, picture, k))
        thumbs.append(_thumb(picture))
        progress("tracking the face", min(1.0, (k + 1) / total))
    if not MIN_S <= len(marks) / FPS <= MAX_S:
        raise AvatarError(f"{video}: {len(marks) / FPS:.0f} s of picture; an avatar needs {MIN_S:.0f} to {MAX_S:.0f} s")
    landmarks = _bridged(marks, video)
    transforms = _steady(landmarks)
    crops = np.stack([crop(p, t) for p, t in zip(pictures(video), transforms, strict=True)])
    progress("cropping", 1.0)
    sound = np.zeros(len(crops) * SAMPLES_PER_FRAME, np.int16)
    sound[: min(len(pcm), len(sound))] = pcm[: len(sound)]
    phones = read_phones(phonemes) if phonemes else None
    return Footage(crops, transforms, landmarks, np.stack(thumbs), sound, phones)


def pictures(video: Path) -> Iterator[Rgb]:
    """RGB (HEIGHT, WIDTH, 3) at exactly 25 a second: by time, so that any frame rate comes out constant."""
    for frame in frames(video):
        yield frame.to_ndarray(format="rgb24")


def frames(video: Path) -> Iterator[Any]:
    """av.VideoFrame, yuv420p BT.709, WIDTH × HEIGHT, 25 a second; larger or wider pictures are cropped to fit."""
    import av

    try:
        with av.open(str(video)) as box:
            if not box.streams.video:
                raise AvatarError(f"{video}: no picture in it; give a video of one person talking to the camera")
            graph, due = None, 0
            for frame in box.decode(video=0):
                graph = graph or _fitter(frame)
                graph.push(frame)
                while (out := _pull(graph)) is not None:
                    due += 1
                    yield out
            if graph is not None:
                graph.push(None)
                while (out := _pull(graph)) is not None:
                    yield out
    except (av.FFmpegError, OSError) as error:
        raise AvatarError(f"{video}: cannot be read as video ({error}); give an MP4, MOV or WebM file") from None


def _fitter(frame: Any) -> Any:
    """A filter graph to constant 25 fps and to the stage's size and colours."""
    import av.filter

    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    chain = [
        ("fps", f"fps={FPS}"),
        ("scale", f"{WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase:out_color_matrix=bt709:out_range=tv"),
        ("crop", f"{WIDTH}:{HEIGHT}"),
        ("format", "yuv420p"),
    ]
    last = source
    for name, args in chain:
        node = graph.add(name, args)
        last.link_to(node)
        last = node
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    return graph


def _pull(graph: Any) -> Any:
    import av

    try:
        return graph.vpull() if hasattr(graph, "vpull") else graph.pull()
    except (BlockingIOError, EOFError, av.error.BlockingIOError):
        return None


def read_sound(path: Path) -> Pcm:
    """The first sound stream as 24 kHz mono int16. Raises AvatarError when there is none or it is silent."""
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    try:
        with av.open(str(path)) as box:
            if not box.streams.audio:
                raise AvatarError(f"{path}: no sound in it; record the voice in the same file")
            parts = [p.to_ndarray()[0] for f in box.decode(audio=0) for p in resampler.resample(f)]
            parts += [p.to_ndarray()[0] for p in resampler.resample(None)]
    except (av.FFmpegError, OSError) as error:
        raise AvatarError(f"{path}: cannot be read ({error}); give a sound or video file") from None
    pcm: Pcm = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    if not len(pcm) or int(np.abs(pcm.astype(np.int32)).max()) < 200:
        raise AvatarError(f"{path}: its sound is silent from beginning to end; check the microphone")
    return pcm


def read_phones(path: Path) -> list[tuple[str, int, int]]:
    """Visemes with their samples from {"phonemes": [{"p", "t0", "t1"}, …]}; a stress mark's time goes to its vowel."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["phonemes"]
        rows = [(str(row["p"]), float(row["t0"]), float(row["t1"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AvatarError(f"{path}: no phoneme times in it ({error!r}); expected phonemes with p, t0 and t1") from None
    out: list[tuple[str, int, int]] = []
    early: float | None = None
    for symbol, start, end in rows:
        if symbol in ("ˈ", "ˌ"):
            early = start if early is None else early
            continue
        begin, early = (start if early is None else early), None
        if symbol == " " and out:
            out[-1] = (out[-1][0], out[-1][1], round(end * SAMPLE_RATE))
            continue
        names = visemes(symbol)
        step = (end - begin) / len(names)
        for i, name in enumerate(names):
            out.append((name, round((begin + i * step) * SAMPLE_RATE), round((begin + (i + 1) * step) * SAMPLE_RATE)))
    return out


def _length(video: Path) -> int:
    import av

    with av.open(str(video)) as box:
        return max(1, int((box.duration or 0) / 1_000_000 * FPS))


def _checked(tracker: FaceTracker, picture: Rgb, k: int) -> F32 | None:
    found = tracker.track(picture)
    if found is None:
        return None
    if k % (2 * FPS) == 0 and len(tracker.faces(picture)) > 1:
        raise AvatarError(f"two faces at {k / FPS:.1f} s; an avatar is made from footage of one person")
    if np.linalg.norm(found[LEFT_EYE[0]] - found[RIGHT_EYE[0]]) < MIN_EYES:
        raise AvatarError(
            f"the face is too small at {k / FPS:.1f} s; film closer, so that it fills a third of the width"
        )
    return found


def _bridged(marks: list[F32 | None], video: Path) -> F32:
    lost = [k for k, found in enumerate(marks) if found is None]
    if len(lost) > MAX_LOST * len(marks):
        raise AvatarError(f"{video}: no face at {_spans(lost)}; keep facing the camera, with light on the face")
    known = np.array([k for k, found in enumerate(marks) if found is not None])
    points = np.stack([found for found in marks if found is not None]).reshape(len(known), -1)
    full = np.stack([np.interp(np.arange(len(marks)), known, column) for column in points.T], 1)
    return full.reshape(len(marks), 468, 2).astype(np.float32)


def _spans(lost: list[int]) -> str:
    """'1.2–1.5 s, 7.0–7.0 s', three at most."""
    spans: list[list[int]] = []
    for k in lost:
        if spans and k - spans[-1][1] <= 2:
            spans[-1][1] = k
        else:
            spans.append([k, k])
    text = ", ".join(f"{a / FPS:.1f}–{(b + 1) / FPS:.1f} s" for a, b in spans[:3])
    return text + (" and more" if len(spans) > 3 else "")


def _steady(landmarks: F32) -> F32:
    """(n, 2, 3) crop → picture, from points that speech does not move, smoothed over time."""
    rigid = landmarks[:, RIGID]
    shape = rigid.mean(0)
    rough = np.stack([similarity(shape, points) for points in rigid]).reshape(len(rigid), 6)
    moves = _smooth(rough, STEADY).reshape(-1, 2, 3)
    mean = landmarks.mean(0)
    eyes = float(np.linalg.norm(mean[LEFT_EYE[0]] - mean[RIGHT_EYE[0]]))
    centre = mean[list(MOUTH)].mean(0) * 0.72 + mean[CHIN] * 0.28
    side = CROP_EYES * eyes
    place = np.array([[side / CROP, 0, centre[0] - side / 2], [0, side / CROP, centre[1] - side / 2]], np.float32)
    linear = moves[:, :, :2] @ place[:, :2]
    shift = np.einsum("nij,j->ni", moves[:, :, :2], place[:, 2]) + moves[:, :, 2]
    return np.concatenate([linear, shift[:, :, None]], 2).astype(np.float32)


def _smooth(rows: F32, sigma: float) -> F32:
    """Gaussian over the first axis, ends held."""
    reach = int(3 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(rows, ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel / kernel.sum(), "valid") for column in padded.T], 1)


def crop(picture: Rgb, transform: F32) -> NDArray[np.uint8]:
    """(CROP, CROP, 3) of a picture, area-averaged: taken at twice the size and halved."""
    from PIL import Image

    a, b, c, d, e, f = map(float, transform.reshape(6))
    fine = (a / 2, b / 2, c, d / 2, e / 2, f)
    big = Image.fromarray(picture).transform(
        (CROP * 2, CROP * 2), Image.Transform.AFFINE, fine, Image.Resampling.BILINEAR
    )
    return np.asarray(big.resize((CROP, CROP), Image.Resampling.BOX))


def _thumb(picture: Rgb) -> F32:
    out: F32 = picture[::16, ::16].mean(axis=2).astype(np.float32)
    return out
