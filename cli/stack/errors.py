"""What can go wrong with the stack, as a sentence in both languages."""


class StackError(Exception):
    def __init__(self, zh: str, en: str):
        super().__init__(en)
        self.zh, self.en = zh, en
