"""Simulated policyholders: drawn from a seed, they listen to the prompt's words and answer in character.

A customer knows nothing of scripts or forms. It hears the text of a prompt, finds out what is asked (the topics of
characters.yaml), decides what it means to say, and says it or presses a key. Whoever lives at a number is drawn once
from (seed, number); what differs from dial to dial from (seed, number, which dial it is), never from the time of day
or the order in which calls run.
"""

import random
import re
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import yaml

from telephony.carrier.callees import GREETING, MACHINE_GREETING, SILENT, Callee, Prompt, Reaction, Ring

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?")
_ASKS = re.compile(r"[？?]|吗|呢|是否|有没有|请问|请.{0,8}?(?:说|输入|提供|告诉|核对|报|回答)|什么|哪|谁")
_OFFER = re.compile(
    r"([^，。；、,;！？!?\s]{1,14}?)[，,]?请?(?:您)?(?:按|选)(?:数字)?(?:键)?\s*([0-9零一二三四五六七八九*#])(?![0-9零一二三四五六七八九]*位)"
)
_CHINESE_KEY = {mark: str(value) for value, mark in enumerate("零一二三四五六七八九")}
_NEGATIVE = re.compile(r"^(?:如果|若|如)?(?:您)?(?:觉得)?(?:还)?(?:不|没|否|非|未|尚未)|不是|不清楚|不方便|没有")
_DIGITS = "零一二三四五六七八九"


@cache
def _data() -> dict:
    data = yaml.safe_load(files(__package__).joinpath("characters.yaml").read_text("utf-8"))
    for table in ("topics", "otherwise"):
        data[table] = [(name, re.compile(pattern)) for name, pattern in data[table]]
    return data


def characters() -> list[str]:
    return list(_data()["characters"])


def describe() -> dict:
    """Every character with what it does and its share of the numbers, in per cent."""
    known = _data()["characters"]
    total = sum(spec["weight"] for spec in known.values())
    return {
        name: {"about": spec["about"], "share": round(100 * spec["weight"] / total, 1)} for name, spec in known.items()
    }


def drawn(seed: int | str, number: str) -> str:
    """The character of whoever lives at `number`."""
    known = _data()["characters"]
    weights = [spec["weight"] for spec in known.values()]
    return random.Random(f"{seed}|{number}|character").choices(list(known), weights)[0]


def topic_of(text: str) -> str | None:
    """What a prompt asks about. The last question decides; what it does not name is looked for in what came before it,
    nearest first, then in what follows."""
    # 「…，请问…」 begins a sentence of its own: what comes before is only the reason for asking
    sentences = [s for s in _SENTENCE.findall(re.sub(r"[，,](?=请问)", "。", text)) if not _only_offers(s)]
    last = max((i for i, s in enumerate(sentences) if _ASKS.search(s)), default=len(sentences) - 1)
    for sentence in [*reversed(sentences[: last + 1]), *sentences[last + 1 :]]:
        words = _OFFER.sub("", sentence)
        for name, pattern in _data()["topics"]:
            if pattern.search(words):
                return name
    return next((name for name, pattern in _data()["otherwise"] if pattern.search(text)), None)


def _only_offers(sentence: str) -> bool:
    return bool(_OFFER.search(sentence)) and not re.search(r"[\w]{3,}", _OFFER.sub("", sentence))


def offered(text: str) -> list[tuple[str, str]]:
    """(label, key) of each 「…请按N」 in the prompt, in order."""
    return [(label, _CHINESE_KEY.get(key, key)) for label, key in _OFFER.findall(text)]


def key_for(side: str, text: str) -> str:
    """The key for "yes", "no" or a regular expression over the labels; 1 and 2 where the prompt offers nothing fit."""
    choices = offered(text)
    if side not in ("yes", "no"):
        for label, key in choices:
            fits = re.search(side, label)
            if fits and (fits.group()[0] in "没无" or not _NEGATIVE.search(label)):
                return key
        side = "yes"
    for label, key in choices:
        if bool(_NEGATIVE.search(label)) == (side == "no"):
            return key
    return "1" if side == "yes" else "2"


def _chinese_number(number: int) -> str:
    """1 to 99 as it is said."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十") + (
        _DIGITS[ones] if ones or not tens else ""
    )


def spoken_date(day: date) -> str:
    year = "".join(_DIGITS[int(mark)] for mark in f"{day.year}")
    return f"{year}年{_chinese_number(day.month)}月{_chinese_number(day.day)}号"


def spoken_digits(text: str) -> str:
    return "".join("幺" if mark == "1" else _DIGITS[int(mark)] if mark.isdigit() else mark for mark in text)


class Customer(Callee):
    def __init__(self, character: str, seed: int | str, number: str, nth: int, facts: dict):
        self.character = character
        self._nth = nth
        self._dial = f"{seed}|{number}|dial|{nth}"
        known = _data()["characters"]
        spec = known[character]
        # what stays with the person, then what differs from dial to dial
        person = random.Random(f"{seed}|{number}|person")
        self._draw = random.Random(self._dial)
        self._ring = self._rings(spec)
        if spec.get("becomes") and self._ring.outcome == "answer" and (nth > 1 or character != spec["becomes"][0]):
            self.character = person.choice(spec["becomes"])
            spec = known[self.character]
        self.spec = spec
        if spec.get("machine"):
            self.kind, self.greeting = "machine", MACHINE_GREETING
        else:
            self.greeting = self._draw.choice([GREETING, "喂？", "喂，哪位？", "你好。"])
        self.prefers_keys = person.random() < spec.get("keys", 0.4)
        self._doubts = self._doubted(spec, person)
        self._invented = self._inventing(person)
        self._facts = {name: value for name, value in facts.items() if value}
        self._wrong = spec.get("wrong_facts", False)
        self._asked: dict[str, int] = {}
        self._answers = 0
        self._leaves = self._draw.randint(*spec["leaves"]) if spec.get("leaves") else None

    def _rings(self, spec: dict) -> Ring:
        dials = spec.get("dials", [{"answer": 1}])
        # each dial draws for itself, so the nth does not depend on how the others went
        chances = dials[min(self._nth, len(dials)) - 1]
        outcome = self._draw.choices(list(chances), list(chances.values()))[0]
        seconds = {"answer": self._draw.uniform(3.0, 14.0), "no-answer": 3600.0, "busy": 1.5}.get(outcome, 0.5)
        return Ring(outcome, round(seconds, 1))

    @staticmethod
    def _doubted(spec: dict, person: random.Random) -> dict[str, list[str]]:
        doubts = spec.get("doubts")
        if not doubts:
            return {}
        among = doubts.get("of", _data()["doubtful"])
        return dict.fromkeys(person.sample(among, person.randint(*doubts["count"])), doubts["as"])

    @staticmethod
    def _inventing(person: random.Random) -> dict[str, str]:
        """Facts of somebody whose real ones were never told to the carrier."""
        born = date(1950, 1, 1) + timedelta(days=person.randrange(50 * 365))
        return {"birth_date": born.isoformat(), "id_last4": f"{person.randrange(10_000):04d}"}

    def ring(self) -> Ring:
        return self._ring

    def react(self, prompt: Prompt) -> Reaction:
        if self.kind == "machine":
            return SILENT
        if self._leaves is not None and self._answers >= self._leaves:
            return Reaction("hangup", delay=round(self._draw.uniform(0.3, 1.5), 2))
        self._answers += 1
        topic = topic_of(prompt.text)
        meaning = self._means(topic)
        if (after := self.spec.get("leaves_on", {}).get(meaning)) and self._leaves is None:
            self._leaves = self._answers + after
        return self._express(meaning, prompt)

    def _means(self, topic: str | None) -> str:
        name = topic or "_default"
        turn = self._asked.get(name, 0)
        self._asked[name] = turn + 1
        answers = self.spec.get("answers", {})
        told = answers.get(name) or self._doubts.get(name)
        if told is None and "_default" in answers:
            told = answers["_default"]
        if told is None:
            agrees = _data()["agrees"]
            return agrees.get(name, agrees["default"])
        meaning = told[min(turn, len(told) - 1)]
        if isinstance(meaning, list):
            # one of several, decided once for this dial
            meaning = random.Random(f"{self._dial}|{name}").choice(meaning)
        return meaning

    def _express(self, meaning: str, prompt: Prompt) -> Reaction:
        about = _data()["meanings"][meaning]
        draw = self._draw
        delay = round(draw.uniform(*self.spec.get("pace", [0.6, 2.0])), 2)
        confidence = round(draw.uniform(*self.spec.get("confidence", [0.78, 0.97])), 4)
        keys, words = self._keys(about, prompt), self._words(meaning, about, prompt)
        dtmf, speech = "dtmf" in prompt.hears, "speech" in prompt.hears or "record" in prompt.hears
        press = dtmf and keys is not None and (not speech or self._presses(about, prompt) or "time" in about)
        if press:
            barge = draw.uniform(*self.spec["barge"]) if self.spec.get("barge") and len(keys) == 1 else None
            return Reaction("press", keys, delay, barge)
        if words is None:
            return SILENT
        return Reaction("say", words, delay, confidence=confidence)

    def _presses(self, about: dict, prompt: Prompt) -> bool:
        if not self.prefers_keys:
            return False
        # without keys on offer only digits are typed
        return "fact" in about or bool(offered(prompt.text))

    def _fact(self, name: str) -> str | None:
        value = self._facts.get(name) or self._invented.get(name)
        if value and self._wrong and name in ("birth_date", "id_last4"):
            if name == "birth_date":
                return (date.fromisoformat(value) + timedelta(days=400)).isoformat()
            return value[:-1] + ("1" if value[-1] != "1" else "2")
        return value

    def _keys(self, about: dict, prompt: Prompt) -> str | None:
        if about.get("key"):
            return key_for(about["key"], prompt.text)
        digits = None
        if about.get("fact") == "birth_date":
            digits = self._fact("birth_date").replace("-", "")
        elif about.get("fact") == "id_last4":
            digits = self._fact("id_last4").upper().replace("X", "*")
        elif about.get("time") and (choices := offered(prompt.text)):
            return choices[0][1]
        if digits and prompt.finish_key == "#" and re.search(r"井号|#", prompt.text):
            digits += "#"
        return digits

    def _words(self, meaning: str, about: dict, prompt: Prompt) -> str | None:
        draw = self._draw
        if about.get("fact"):
            value = self._fact(about["fact"])
            if value is None:
                return draw.choice(_data()["meanings"]["forgets"]["say"])
            if about["fact"] == "birth_date":
                return spoken_date(date.fromisoformat(value))
            if about["fact"] == "receipt_signed_on":
                return spoken_date(date.fromisoformat(value)).partition("年")[2]
            return spoken_digits(value) if about["fact"] == "id_last4" else value
        if about.get("time"):
            early = prompt.at.astimezone(_SHANGHAI).hour < 12
            today, tomorrow = ["今天下午三点", "今天下午四点"], ["明天上午十点", "明天下午三点"]
            wish = draw.random()
            return (today if early and wish < 0.6 else tomorrow)[int(wish * 10) % 2]
        if other := self.spec.get("says", {}).get(meaning):
            return draw.choice(_data()["meanings"][other]["say"])
        return draw.choice(about["say"])


class Agreeable(Customer):
    """Answers, stays, never hangs up first, agrees to everything; nothing about it is drawn."""

    def __init__(self, number: str, facts: dict, refuses_recording: bool = False):
        super().__init__("clear", 0, number, 1, facts)
        self.character = "refuses-recording" if refuses_recording else "agreeable"
        self.greeting = GREETING
        self.prefers_keys = False
        self._refuses_recording = refuses_recording

    def ring(self) -> Ring:
        return Ring("answer")

    def react(self, prompt: Prompt) -> Reaction:
        if self._refuses_recording and "录音" in prompt.text:
            meaning = "refuses_tape"
        else:
            meaning = self._means(topic_of(prompt.text))
        about = _data()["meanings"][meaning]
        if "speech" in prompt.hears or "record" in prompt.hears:
            words = about["say"][0] if about.get("say") else self._words(meaning, about, prompt)
            return Reaction("say", words if meaning != "district" or self._fact("district") else "是的")
        keys = self._keys(about, prompt)
        return Reaction("press", keys if keys is not None else key_for("yes", prompt.text))


def customer(character: str, seed: int | str, number: str, nth: int, facts: dict) -> Callee:
    """The callee of the `nth` dial (from 1) to `number`. `facts`: name, birth_date (ISO), id_last4, district,
    receipt_signed_on (ISO)."""
    if character in ("agreeable", "refuses-recording"):
        return Agreeable(number, facts, character == "refuses-recording")
    return Customer(character, seed, number, nth, facts)
