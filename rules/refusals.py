"""What somebody asked for and may not have, told in both languages."""


class Refused(ValueError):
    """`code` is stable; `zh` and `en` each say in one sentence why not."""

    def __init__(self, code: str, zh: str, en: str):
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en
