"""What codes say together: single ones as they are, those of a series once all of it was read."""

import base64
from collections.abc import Iterable, Sequence

from wallet.bitcoin import bbqr
from wallet.bitcoin.bbqr import BbqrError, BbqrPart, BbqrSeries, is_bbqr
from wallet.ui.text import safe_text, translate

SHOWN = 100


class Collector:
    """Takes codes as they are read. `problem`: what was wrong with one of a series, in words."""

    def __init__(self) -> None:
        self._series = BbqrSeries()
        self.problem = ""

    @property
    def waits(self) -> bool:
        """Whether a series was begun and is not complete."""
        return 0 < self._series.read < self._series.total

    @property
    def progress(self) -> str:
        """How far a series is that was begun; empty where none was."""
        if not self.waits:
            return ""
        text = translate("{n} of {all} codes were read.")
        return text.format(n=self._series.read, all=self._series.total)

    def take(self, texts: Iterable[str]) -> list[str]:
        """What was read as a whole: texts, addresses, links, PSBTs in base64, transactions in hex; each once."""
        self.problem = ""
        whole = []
        for text in texts:
            if not is_bbqr(text):
                whole.append(text)
                continue
            try:
                self._add(BbqrPart.parse(text))
                if self._series.is_complete:
                    series, self._series = self._series, BbqrSeries()
                    whole.append(content_of(series.file_type, series.data()))
            except BbqrError as error:
                self.problem = str(error)
        return list(dict.fromkeys(whole))

    def _add(self, part: BbqrPart) -> None:
        """Another series than the one that was begun takes its place."""
        try:
            self._series.add(part)
        except BbqrError:
            self._series = BbqrSeries()
            self._series.add(part)


def content_of(file_type: str, data: bytes) -> str:
    """What a series holds, as text. Raises BbqrError where that is nothing for a wallet."""
    match file_type:
        case bbqr.PSBT:
            return base64.b64encode(data).decode()
        case bbqr.TRANSACTION:
            return data.hex()
        case bbqr.TEXT | "J":
            try:
                return data.decode()
            except UnicodeDecodeError as error:
                raise BbqrError(translate("the codes hold damaged text")) from error
        case _:
            kind = bbqr.FILE_TYPES.get(file_type, translate("something unknown"))
            raise BbqrError(translate("the codes hold {kind}, which is nothing for a wallet").format(kind=kind))


def choices(texts: Sequence[str]) -> list[str]:
    """How several readings are told apart: from their beginning, with what they hide written out."""
    return [safe_text(text[:SHOWN]) + ("…" if len(text) > SHOWN else "") for text in texts]
