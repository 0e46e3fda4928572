"""Pages of a list."""

from dataclasses import dataclass

FARTHEST = 100_000


@dataclass(frozen=True)
class Paging:
    """`number` counts from 1 and is never beyond the last page."""

    number: int
    size: int
    total: int

    @classmethod
    def of(cls, number: int, size: int, total: int) -> "Paging":
        last = max(1, -(-total // size))
        return cls(min(max(number, 1), last), size, total)

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first_row(self) -> int:
        return self.offset + 1 if self.total else 0

    @property
    def last_row(self) -> int:
        return min(self.offset + self.size, self.total)
