"""What can go wrong towards the carrier, told apart by the one question that matters: may there be a call?

PhoneError
├── Refused      the carrier said no; there is no call
├── NotSent      the request never reached the carrier; there is no call
├── Busy         the carrier asked to come back later (429) and did nothing; there is no call
├── Ambiguous    the answer was lost or was a server error; there may be a call
└── Missing      what was asked for does not exist (yet)
"""


class PhoneError(Exception):
    """`code` is the carrier's error code, or None where it gave none."""

    def __init__(self, message: str, code: int | None = None):
        super().__init__(message)
        self.code = code


class Refused(PhoneError):
    """The carrier said no for good, for instance 21215 (destination not permitted) or 21211 (not a number)."""


class NotSent(PhoneError):
    """The carrier could not be reached at all."""


class Busy(PhoneError):
    """429/20429: "never processed and always safe to retry" (twilio.com/docs/errors/20429)."""


class Ambiguous(PhoneError):
    """A timeout or a 5xx: POST /Calls is not idempotent, so nobody may send it again (twilio.com/docs/errors/20500)."""


class Missing(PhoneError):
    """404, also for a recording whose media is not there yet."""
