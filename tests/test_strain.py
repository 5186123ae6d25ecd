"""A machine that draws too slowly asks less of itself, and more again when it keeps up."""

from types import SimpleNamespace
from typing import cast

from agent.strain import LOOKED_AT, Strain
from renderer.stage import Stage


def test_late_pictures_are_noticed_and_so_is_their_end() -> None:
    stage = SimpleNamespace(emitted=0, repeated=0)
    strain = Strain(cast(Stage, stage))

    def go_on(late: int) -> bool:
        stage.emitted += LOOKED_AT
        stage.repeated += late
        return strain()

    assert [go_on(late) for late in (0, 5, 40, 5, 1, 5)] == [False, False, True, True, False, False]
    stage.emitted += 1
    stage.repeated += 1
    assert not strain(), "a single late picture is no strain"
