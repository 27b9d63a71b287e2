"""Codes that follow one another: what they say is what a reader puts together, and they move only as is wanted."""

import base64
from random import Random

import pytest

from tests.ui.stage import Stage
from wallet.bitcoin import bbqr
from wallet.ui.models.codes import Collector
from wallet.ui.reading import codes_in
from wallet.ui.widgets.animated import INTERVALS, MOST_CODES, AnimatedCode

DATA = Random(4).randbytes(1_500)


def shown(stage: Stage, data: bytes = DATA) -> AnimatedCode:
    code = AnimatedCode(stage.context.bridge)
    code.show_data(data, bbqr.PSBT)
    stage.show(code)
    return code


@pytest.mark.parametrize("dots", ["large", "medium", "small"])
def test_what_is_shown_is_read_again_by_a_reader(stage: Stage, dots: str) -> None:
    code = shown(stage)
    code.pause.click()
    code.dots.choose(dots)
    stage.settle()
    collector, sides = Collector(), set()
    for number in range(len(code.codes)):
        stage.settle()
        assert code.place.text() == f"Code {number + 1} of {len(code.codes)}"
        image = code.qr.image
        sides.add(image.width())
        found = collector.take(codes_in(image.scaled(image.width() * 4, image.height() * 4)))
        if number < len(code.codes) - 1:
            assert found == []
        else:
            (text,) = found
            assert bbqr.BbqrPart.parse(code.codes[0]).file_type == bbqr.PSBT
            assert base64.b64decode(text) == DATA
        code.forward.click()
    assert len(sides) == 1, "all codes of a series are of one size"


def test_it_moves_while_it_is_seen_and_nobody_stopped_it(stage: Stage) -> None:
    code = shown(stage)
    assert code.plays
    code.speed.choose("fast")
    assert code._timer.interval() == INTERVALS["fast"]
    first = code.index
    stage.until(lambda: code.index != first, "the next code")
    code.pause.click()
    assert not code.plays
    at = code.index
    code.back.click()
    assert code.index == (at - 1) % len(code.codes)
    stage.settle()
    assert code.qr.accessibleName() == f"QR code {code.index + 1} of {len(code.codes)}, PSBT"
    code.pause.click()
    assert code.plays
    code.hide()
    assert not code.plays
    code.show_data(DATA[::-1], bbqr.PSBT)
    assert not code.plays
    code.show()
    assert code.plays


def test_what_fits_into_one_code_stands_still(stage: Stage) -> None:
    code = shown(stage, DATA[:100])
    assert len(code.codes) == 1
    assert not code.plays
    assert not code.pause.isVisible()


def test_what_is_too_much_for_codes_says_so(stage: Stage) -> None:
    code = shown(stage, Random(5).randbytes(MOST_CODES * 300))
    code.dots.choose("large")
    stage.settle()
    assert "save it as a file" in code.problem.text
    assert not code.qr.isVisible()
    code.dots.choose("small")
    stage.settle()
    assert code.qr.isVisible()
    assert not code.problem.isVisible()
