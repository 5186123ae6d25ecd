"""The shipped host: closes her lips where she must, rests where she is silent, and always moves the same way."""

import numpy as np
import pytest

from renderer.avatar.face import Face
from renderer.avatar.motion import Motion
from renderer.avatar.pack import builtin, read_about
from renderer.media import HEIGHT, SAMPLES_PER_FRAME, WIDTH, Phoneme, Speech, Utterance

PACK = builtin() / "mei"


@pytest.fixture(scope="module")
def face() -> Face:
    return Face.load(PACK, threads=1, device="cpu", seed=3)


def speech(*symbols: str, frames_each: int = 6) -> Speech:
    step = frames_each * SAMPLES_PER_FRAME
    pcm = (np.sin(np.arange(len(symbols) * step) / 20) * 6000).astype(np.int16)
    phones = tuple(Phoneme(s, i * step, (i + 1) * step) for i, s in enumerate(symbols) if s)
    return Speech(Utterance("1", "x"), pcm, phones)


def test_lips_meet_for_p_b_and_m_and_open_for_a(face: Face) -> None:
    closed = np.array(read_about(PACK).closed, np.float32)
    for sound in "pbm":
        codes = face.track(speech("ɑ", sound, "ɑ"))
        assert codes.shape == (18, face.code_size)
        assert np.allclose(codes[9], closed, atol=1e-5)
        assert np.abs(codes[3] - closed).max() > 0.5


def test_long_pauses_and_silence_rest(face: Face) -> None:
    codes = face.track(speech("ɑ", "", "", "ɑ"))
    assert np.allclose(codes[10:14], face.rest, atol=1e-5)
    silent = face.track(Speech(Utterance("1", "x"), np.zeros(9600, np.int16), ()))
    assert np.allclose(silent[3:7], face.rest, atol=1e-5)


def test_pictures_depend_on_seed_and_number_only(face: Face) -> None:
    rest = np.tile(face.rest, (8, 1))
    quiet = np.zeros(8, bool)
    first = face.render(200, rest, quiet)
    assert first.shape == (8, HEIGHT * 3 // 2, WIDTH) and first.dtype == np.uint8
    face.render(0, rest[:1], quiet[:1])
    for k in (7, 2):
        assert (face.render(200 + k, rest[:1], quiet[:1])[0] == first[k]).all()
    steps = np.abs(np.diff(first[:, :HEIGHT].astype(np.int16), axis=0)).mean((1, 2))
    assert steps.max() < 4, "a host at rest does not jump"


def test_an_open_mouth_looks_unlike_a_closed_one(face: Face) -> None:
    codes = face.track(speech("m", "ɑ", "m", "ɑ", "m"))[[9, 15, 21]]
    shown = [face.render(100, code[None], np.ones(1, bool))[0][:HEIGHT].astype(int) for code in codes]
    apart, alike = np.abs(shown[0] - shown[1]), np.abs(shown[0] - shown[2])
    rows = np.flatnonzero((apart > 12).any(1))
    assert apart.sum() > 2 * alike.sum() and len(rows) and rows[-1] - rows[0] < HEIGHT / 3, "only the mouth changes"


@pytest.mark.parametrize("frames", [300, 1498])
def test_motion_is_a_function_of_seed_and_frame(frames: int) -> None:
    jumps = [[a, b] for a in range(220, frames, 37) for b in range(10, frames - 20, 53)]
    forward, backward = Motion(frames, jumps, 5), Motion(frames, jumps, 5)
    asked = range(0, 6000, 7)
    there = [forward.at(k) for k in asked]
    assert there == [backward.at(k) for k in reversed(asked)][::-1]
    assert all(0 <= a < frames and 0 <= b < frames and 0 <= share < 1 for a, b, share in there)
    assert there != [Motion(frames, jumps, 6).at(k) for k in asked]
