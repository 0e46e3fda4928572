"""Turning a template and its values into a page: language, formats, who is signed in, what is left until a day."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncConnection

import clock
from desk import formats, masking
from desk.answer_words import answer_words, how_words, step_words
from desk.auth import csrf_token, local_path
from desk.event_words import event_sentence
from desk.languages import language, translations
from rules.calendar import Calendar, business_date
from rules.time_left import TimeLeft, time_left
from rules.words import word
from storage.calendar_days import read_calendar

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Today:
    """The present as one request sees it."""

    now: datetime
    day: date
    calendar: Calendar

    def left(self, day: date | datetime | None) -> TimeLeft | None:
        if day is None:
            return None
        return time_left(business_date(day) if isinstance(day, datetime) else day, self.day, self.calendar)


async def today(connection: AsyncConnection) -> Today:
    now = clock.system().now()
    return Today(now, business_date(now), await read_calendar(connection))


@cache
def environment(lang: str) -> jinja2.Environment:
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = translations(lang)
    jinja.install_gettext_translations(catalogue, newstyle=True)

    @jinja2.pass_context
    def left(context, span: TimeLeft) -> str:
        return formats.left(span, catalogue.gettext, lambda one, many, n: catalogue.ngettext(one, many, n) % {"num": n})

    jinja.filters.update(
        word=lambda code: word(code, lang) if code else "–",
        words=lambda codes: ("、" if lang == "zh" else ", ").join(word(code, lang) for code in codes) or "–",
        step=lambda step: step_words(step, catalogue.gettext),
        answer=lambda answer: answer_words(answer, lang, catalogue.gettext),
        how=lambda how: how_words(how, catalogue.gettext),
        role=lambda role: catalogue.gettext("Operations") if role == "OPERATOR" else word(role, lang),
        zip_words=lambda codes: [(str(code), word(code, lang)) for code in codes],
        day=lambda value, moment: formats.day(value, moment.day, lang),
        instant=lambda value, moment, seconds=False: formats.instant(value, moment.day, seconds),
        money=formats.money,
        duration=formats.duration,
        left=left,
        colour=lambda span: formats.COLOURS[span.urgency],
        mask_name=masking.name,
        mask_phone=masking.phone,
        mask_id=masking.identity,
        mask_policy=masking.policy,
        mask_place=masking.place,
        mask_numbers=masking.long_numbers,
        event=lambda event: event_sentence(event, lang, catalogue.gettext),
    )
    jinja.globals.update(lang=lang, query=query, colon="：" if lang == "zh" else ": ")
    return jinja


def query(values: dict[str, Any], **changes: Any) -> str:
    """`?state=…&page=2`: the filter as it is, with changes; what is empty is left out."""
    merged = {key: value for key, value in {**values, **changes}.items() if value not in ("", None, False)}
    return "?" + urlencode(merged) if merged else "?"


def render(
    request: Request, template: str, *, status: int = 200, headers: dict | None = None, **values: Any
) -> HTMLResponse:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    page = environment(language(request)).get_template(template)
    html = page.render(
        {
            "request": request,
            "user": getattr(request.state, "user", None),
            "csrf": csrf_token(request),
            "here": here if request.method == "GET" else local_path(request.headers.get("hx-current-url")) or "/",
            "moment": None,
            "place": None,
            **values,
        }
    )
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store", **(headers or {})})
