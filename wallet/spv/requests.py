"""Requests in flight: who was asked for what, and until when an answer is waited for."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

STREAMING: Final = 6.0
"""So many times as long a peer may take that is sending all the while: the line may be slow, and shared by all."""

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class InFlight(Generic[K]):
    """One request. begun: when it was sent first; asked: when last; deadline: when its patience ends."""

    peer_id: int
    key: K
    begun: float
    asked: float
    deadline: float


class Requests(Generic[K]):
    """Requests of one kind, at most one for each pair of peer and key. Times are seconds."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._waiting: dict[tuple[int, K], InFlight[K]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(self, peer_id: int, key: K, now: float) -> None:
        """Note a request that is being sent."""
        self._waiting[peer_id, key] = InFlight(peer_id, key, now, now, now + self._patience)

    def answered(self, peer_id: int, key: K) -> bool:
        """Take a request out; False when there was none."""
        return self._waiting.pop((peer_id, key), None) is not None

    def waits(self, peer_id: int, key: K) -> bool:
        """Whether this peer owes this answer."""
        return (peer_id, key) in self._waiting

    def extend(self, peer_id: int, key: K, now: float) -> None:
        """An answer is arriving in parts: wait on."""
        request = self._waiting.get((peer_id, key))
        if request is not None:
            request.deadline = now + self._patience

    def stay(self, peer_id: int, now: float) -> None:
        """Bytes are coming from a peer, maybe those of an answer: wait on, but not for ever."""
        for request in self._waiting.values():
            if request.peer_id == peer_id:
                end = min(now + self._patience, request.begun + STREAMING * self._patience)
                request.deadline = max(request.deadline, end)

    def age(self, peer_id: int, key: K, now: float) -> float:
        """Seconds since a request was sent; 0 where there is none."""
        request = self._waiting.get((peer_id, key))
        return 0.0 if request is None else now - request.begun

    def load(self, peer_id: int) -> int:
        """How many answers a peer owes."""
        return sum(owing == peer_id for owing, _ in self._waiting)

    def asked_of(self, key: K) -> list[int]:
        """The peers that owe this answer."""
        return [peer_id for peer_id, asked in self._waiting if asked == key]

    def asked_by(self, peer_id: int) -> list[K]:
        """The answers that a peer owes, oldest first."""
        return [key for owing, key in self._waiting if owing == peer_id]

    def forget_peer(self, peer_id: int) -> list[K]:
        """A peer left: take out what it owed, and say what that was."""
        gone = [key for owing, key in self._waiting if owing == peer_id]
        for key in gone:
            del self._waiting[peer_id, key]
        return gone

    def forget(self, key: K) -> None:
        """Take out this request, whoever owes it."""
        for peer_id in self.asked_of(key):
            del self._waiting[peer_id, key]

    def clear(self) -> None:
        """Take out everything."""
        self._waiting.clear()

    def unanswered(self, now: float, seconds: float) -> list[InFlight[K]]:
        """The requests that were sent so long ago; they count as sent again now."""
        found = [request for request in self._waiting.values() if request.asked + seconds <= now]
        for request in found:
            request.asked = now
        return found

    def overdue(self, now: float) -> list[InFlight[K]]:
        """Take out and return the requests whose patience has ended."""
        late = [request for request in self._waiting.values() if request.deadline <= now]
        for request in late:
            del self._waiting[request.peer_id, request.key]
        return late
