"""What can go wrong towards the carrier, told apart by the one question that matters: may there be a call?

PhoneError
├── Refused      the carrier said no; there is no call
├── NotSent      the request never reached the carrier; there is no call
├── Busy         the carrier asked to come back later (429) and did nothing; there is no call
├── Ambiguous    the answer was lost or was a server error; there may be a call
└── Missing      what was asked for does not exist (yet)
"""

from typing import Literal

# The number itself is at fault (domain 1G, R73). 21211: not a number; 21214: cannot be reached; 21217: invalid.
NUMBER_IS_WRONG = frozenset({21211, 21214, 21217, 13223, 13224})
# Nothing that this account asks for is done at present. 20003: credentials; 10001, 10002: account suspended or on trial;
# 10004, 22005: too many calls at once, or waiting; 21210, 21212, 21213: our own number is not one it may show.
ACCOUNT_IS_HELD = frozenset({20003, 10001, 10002, 10004, 22005, 21210, 21212, 21213})
ACCOUNT_STATUSES = frozenset({401, 402, 403, 404})

About = Literal["number", "destination", "account"]


class PhoneError(Exception):
    """`code` is the carrier's error code, or None where it gave none."""

    def __init__(self, message: str, code: int | None = None):
        super().__init__(message)
        self.code = code


class Refused(PhoneError):
    """The carrier said no. `about` tells whom it would say no to as well: nobody else (`number`: it is no number that
    could be rung), this number for the time being (`destination`, for instance 21215), or everybody (`account`)."""

    def __init__(self, message: str, code: int | None = None, status: int = 400):
        super().__init__(message, code)
        self.status = status

    @property
    def about(self) -> About:
        if self.code in NUMBER_IS_WRONG:
            return "number"
        if self.code in ACCOUNT_IS_HELD or self.status in ACCOUNT_STATUSES:
            return "account"
        return "destination"


class NotSent(PhoneError):
    """The carrier could not be reached at all."""


class Busy(PhoneError):
    """429/20429: "never processed and always safe to retry" (twilio.com/docs/errors/20429). `retry_after`: seconds, where
    the carrier named them."""

    def __init__(self, message: str, code: int | None = None, retry_after: float | None = None):
        super().__init__(message, code)
        self.retry_after = retry_after


class Ambiguous(PhoneError):
    """A timeout or a 5xx: POST /Calls is not idempotent, so nobody may send it again (twilio.com/docs/errors/20500)."""


class Missing(PhoneError):
    """404, also for a recording whose media is not there yet."""
