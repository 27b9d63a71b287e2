"""Help with a seed phrase that is not right yet: which single change of a word would make its checksum hold.

One wrong word in twelve can be mended in more than a thousand ways that all satisfy the checksum, so only likely ones
are named: words that one slip of a finger apart, and neighbours that changed places. Nothing is ever mended unasked.
"""

from collections.abc import Iterator, Sequence

from wallet.keys.seed import WORD_COUNTS, decoded, wordlist

MOST_REPAIRS = 4
_SHORTEST = 3
"""Shorter words, Chinese ones above all, are one slip from too many others."""


def repairs(words: Sequence[str], language: str) -> Iterator[str]:
    """Likely repairs of a phrase whose words are all in a list, each in words; at most MOST_REPAIRS."""
    count = 0
    if len(words) not in WORD_COUNTS:
        return
    for changed, said in (*_other_words(words, language), *_swapped(words)):
        if count < MOST_REPAIRS and decoded(changed, language) is not None:
            count += 1
            yield said


def _other_words(words: Sequence[str], language: str) -> Iterator[tuple[list[str], str]]:
    listed = wordlist(language)
    for place, word in enumerate(words):
        if len(word) < _SHORTEST:
            continue
        for other in listed:
            if is_one_slip(word, other):
                changed = [*words[:place], other, *words[place + 1 :]]
                yield changed, f'"{other}" instead of "{word}" as word {place + 1}'


def _swapped(words: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    for place in range(len(words) - 1):
        one, two = words[place : place + 2]
        if one != two:
            yield [*words[:place], two, one, *words[place + 2 :]], f'"{two} {one}" as words {place + 1} and {place + 2}'


def is_one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one letter that is wrong, missing or too many, or by two that changed places."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    start = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    rest, other_rest = short[start:], long[start:]
    return rest[1:] == other_rest[1:] or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
