"""How texts, amounts and times are written for people. Text from outside is shown literally, whatever is in it."""

import unicodedata
from datetime import UTC, date, datetime
from enum import StrEnum

from PySide6.QtCore import QCoreApplication, QDate, QDateTime, QLocale

from wallet.bitcoin.amount import MAX_MONEY, AmountError, FeeRate, Sats, format_btc, parse_btc

NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_SPACES = dict.fromkeys(map(ord, " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"))


class Unit(StrEnum):
    """What amounts are shown in; never translated."""

    SAT = "sat"
    BTC = "BTC"


def translate(text: str) -> str:
    """A text in the user's language, for code outside of widgets (those have `tr`)."""
    return QCoreApplication.translate("Wren", text)


def safe_text(text: str, lines: bool = False) -> str:
    """The text with every character that steers or hides (control, direction, private) written out as its number.

    lines: keep line breaks, for texts of our own. Markup needs no treatment here: every label shows plain text.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if (lines and character == "\n") or unicodedata.category(character) not in _UNSEEN
        else f"⟨U+{ord(character):04X}⟩"
        for character in text
    )


def sentence(text: str) -> str:
    """A message as a sentence, literally: those of the lower layers begin in lower case and end without a point.

    What begins with an address or a hash keeps that to the letter.
    """
    if not text:
        return ""
    text = safe_text(text)
    is_word = not any(character.isdigit() for character in text.partition(" ")[0])
    begun = text[:1].upper() + text[1:] if is_word else text
    return begun + ("" if text.endswith((".", "!", "?", "…")) else ".")


def in_fours(text: str) -> str:
    """An address in groups of four, to be compared by eye; the whole of it, always."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def use_locale() -> None:
    """The system's way to write numbers and dates; plain English where the system names none (the "C" locale)."""
    system = QLocale.system()
    if system.language() is QLocale.Language.C:
        system = QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom)
    QLocale.setDefault(system)


# --- amounts ----------------------------------------------------------------------------------------------------------


def format_number(sats: Sats, unit: Unit) -> str:
    """An amount without its unit, in the user's digits and separators."""
    locale = QLocale()
    if unit is Unit.SAT:
        return locale.toString(sats).replace("-", MINUS)
    whole, _, rest = format_btc(abs(sats)).partition(".")
    return f"{MINUS if sats < 0 else ''}{locale.toString(int(whole))}{locale.decimalPoint()}{rest}"


def format_amount(sats: Sats, unit: Unit, signed: bool = False) -> str:
    """An amount with its unit. signed: a plus in front of what came in."""
    sign = "+" if signed and sats > 0 else ""
    return f"{sign}{format_number(sats, unit)}{NO_BREAK}{unit}"


def spoken_amount(sats: Sats, unit: Unit) -> str:
    """An amount as a screen reader should say it."""
    name = translate("satoshis") if unit is Unit.SAT else translate("bitcoins")
    return f"{format_number(sats, unit)} {name}"


def read_amount(text: str, unit: Unit) -> Sats:
    """The satoshis that a person typed in `unit`. Raises `AmountError`, whose text says what to type instead.

    Nothing is guessed: the only mark allowed is the locale's decimal one, and in satoshis none at all.
    """
    if unit is Unit.SAT:
        return _positive(_read_satoshis(_digits(text)))
    whole, rest = read_decimal(text)
    if len(rest) > 8:
        raise AmountError(translate("A bitcoin has at most 8 decimal places."))
    return _positive(_within(whole or "0", rest or "0"))


def decimal_mark() -> str:
    """The mark before decimal places in what is typed: the locale's, or a point where that is on few keyboards."""
    mark = QLocale().decimalPoint()
    return mark if mark in {".", ","} else "."


def _in_ascii(text: str) -> str:
    """What was typed without spaces, the locale's own digits and mark as those of everybody else."""
    text = text.strip().translate(_SPACES)
    locale = QLocale()
    zero = locale.zeroDigit()
    if len(zero) == 1:
        text = text.translate({ord(zero) + digit: str(digit) for digit in range(10)})
    return text.replace(locale.decimalPoint(), decimal_mark())


def _digits(text: str) -> str:
    text = _in_ascii(text)
    if not text:
        raise AmountError(translate("Type an amount."))
    if not text.isascii() or not text.replace(".", "").replace(",", "").isdigit():
        raise AmountError(translate("Type digits only; the unit stands beside the field."))
    return text


def read_decimal(text: str) -> tuple[str, str]:
    """The digits before and behind the locale's decimal mark, each perhaps none. Raises `AmountError` as above."""
    text = _digits(text)
    point = decimal_mark()
    other = "," if point == "." else "."
    if other in text or text.count(point) > 1:
        raise AmountError(
            translate("Is “{mark}” a decimal mark or a thousand? Write it like {example}.").format(
                mark=other if other in text else point, example=f"1250{point}5"
            )
        )
    whole, _, rest = text.partition(point)
    return whole, rest


def _within(whole: str, rest: str) -> Sats:
    try:
        return parse_btc(f"{whole}.{rest}")
    except AmountError:
        raise AmountError(translate("There are never more than 21 million bitcoins.")) from None


def _read_satoshis(text: str) -> Sats:
    if not text.isdigit():
        raise AmountError(translate("Satoshis are whole: type them without a point or comma, or choose BTC."))
    if len(text) > 16 or int(text) > MAX_MONEY:
        raise AmountError(translate("There are never more than 21 million bitcoins."))
    return int(text)


def _positive(sats: Sats) -> Sats:
    if sats == 0:
        raise AmountError(translate("The amount is zero."))
    return sats


def read_fee_rate(text: str) -> float | None:
    """Satoshis per virtual byte, or None when nothing was typed. Raises `AmountError`."""
    text = _in_ascii(text)
    if not text:
        return None
    point = decimal_mark()
    if point != "." and "." in text:
        raise AmountError(translate("Write the rate like {example}.").format(example=f"1{point}5"))
    try:
        rate = FeeRate.from_sat_per_vb(text.replace(point, "."))
    except AmountError:
        raise AmountError(
            translate("Write the rate as a number, like {example}.").format(example=f"1{point}5")
        ) from None
    if not rate.sat_per_kvb:
        raise AmountError(translate("A payment without a fee is passed on by nobody."))
    return rate.sat_per_vb


def format_rate(rate: float) -> str:
    return f"{QLocale().toString(rate, 'f', 1 if rate >= 10 else 2)}{NO_BREAK}sat/vB"


def format_share(part: Sats, whole: Sats) -> str:
    """Part of a whole in percent, "<0.1 %" where it would round to nothing."""
    share = 100 * part / whole if whole else 100.0
    if 0 < share < 0.1:
        return f"<{QLocale().toString(0.1, 'f', 1)}{NO_BREAK}%"
    return f"{QLocale().toString(share, 'f', 1)}{NO_BREAK}%"


_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_TIMES = "\N{MULTIPLICATION SIGN}"


def format_work(hashes: int) -> str:
    """A number of hashes as a power of ten, as nobody reads thirty digits."""
    if hashes < 1_000_000:
        return QLocale().toString(hashes)
    power = len(str(hashes)) - 1
    return f"{QLocale().toString(hashes / 10**power, 'f', 1)} {_TIMES} 10{str(power).translate(_SUPERSCRIPTS)}"


# --- times ------------------------------------------------------------------------------------------------------------


def _local(moment: datetime) -> QDateTime:
    return QDateTime.fromSecsSinceEpoch(int(moment.timestamp()))


def format_time(moment: datetime) -> str:
    """Date and time of day, in the user's zone and words; the month by its name, so that no order is mistaken."""
    time = QLocale().toString(_local(moment).time(), QLocale.FormatType.ShortFormat)
    return f"{format_day(moment)}, {time}"


def format_time_of(seconds: int) -> str:
    """A moment given in Unix seconds."""
    return format_time(datetime.fromtimestamp(seconds, UTC))


def format_day(moment: datetime | date) -> str:
    day = _local(moment).date() if isinstance(moment, datetime) else QDate(moment.year, moment.month, moment.day)
    return QLocale().toString(day, "d MMM yyyy")


def format_bytes(count: int) -> str:
    """About how much data, in steps of a thousand."""
    if count >= 1_000_000_000:
        return translate("about {n} GB").format(n=QLocale().toString(count / 1e9, "f", 1))
    return translate("about {n} MB").format(n=QLocale().toString(max(1, round(count / 1e6))))


def format_data(count: int) -> str:
    """How much data went over a connection, in steps of a thousand."""
    for size, unit in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if count >= size:
            return f"{QLocale().toString(count / size, 'f', 0 if count >= 10 * size else 1)}{NO_BREAK}{unit}"
    return f"{QLocale().toString(count)}{NO_BREAK}B"


def format_age(seconds: float) -> str:
    """How long ago, short enough for a picture."""
    minutes = max(0, round(seconds / 60))
    if minutes < 1:
        return translate("now")
    if minutes < 60:
        return translate("{n} min").format(n=minutes)
    if minutes < 48 * 60:
        return translate("{n} h").format(n=round(minutes / 60))
    return translate("{n} d").format(n=round(minutes / 1440))


def format_duration(seconds: float) -> str:
    """About how long something still takes."""
    if seconds < 60:
        return translate("less than a minute")
    minutes = round(seconds / 60)
    if minutes < 60:
        return translate("about {n} min").format(n=minutes)
    return translate("about {n} h").format(n=round(minutes / 60))
