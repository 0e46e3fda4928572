"""Why a case stands where it stands: state, owner, what comes next, and what happened, from the database."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from cli.output import text
from rules.calendar import SHANGHAI
from rules.reasoning import Step
from rules.words import word

# What an event tells about a case; everything else in it is detail, or personal
TOLD = ("result", "class", "reasons", "marks", "state", "owner", "owner_branch", "from", "to", "why", "attempt_no") + (
    *("order_id", "kind", "branch", "due_at", "act_by", "escalated", "completed", "counts", "profile"),
)
CLOSED_STEPS = {
    "CLOSED": Step("C49", "已结束，无须再做什么", "closed: nothing is left to do"),
    "NOT_REQUIRED": Step(
        "R1", "无须回访：撤单、退保、终止或不在范围", "no callback is due: withdrawn, ended or out of scope"
    ),
    "IN_CALL": Step("S8", "正在通话", "on the line now"),
}


async def case(wanted: str, now: datetime, lang: str) -> dict | None:
    """None where no case has this id or policy number."""
    from storage import db
    from storage.candidates import read_pool
    from storage.views import cases
    from tasks.rule_book import rule_book

    try:
        book = await rule_book()
        async with db.transaction() as connection:
            found = await cases.standing(connection, wanted)
            if found is None:
                return None
            history = await cases.history(connection, found["id"])
            orders = await cases.orders(connection, found["id"])
            pool = await read_pool(connection, now, book.shelf.name_for, case_id=found["id"])
    finally:
        await db.dispose()
    chosen = book.select(pool, now).selection
    held = next(((h.reason, h.until) for h in chosen.held if h.case_id == found["id"]), None)
    following = _next(found, orders, held, any(found["id"] in c.case_ids for c in chosen.callable), now)
    reasoning = [{"rule": s["rule"], "text": s[lang]} for s in found.pop("steps") or []]
    branch = found.pop("branch_name")
    return {
        "case_id": found.pop("id"),
        **{key: _plain(value) for key, value in found.items()},
        "owner_name": branch or word(found["owner"], lang),
        "next": {"what": following[0], "at": following[1], "rule": following[2].rule, "text": following[2].text(lang)},
        "history": [_event(event) for event in history],
        "steps": [*reasoning, {"rule": following[2].rule, "text": following[2].text(lang)}],
    }


def _next(
    case: Mapping, orders: list[dict], held: tuple[str, datetime | None] | None, callable_now: bool, now: datetime
) -> tuple[str, str | None, Step]:
    """What comes next, when, and by which rule. Open work orders say it where a branch owns the case."""
    from rules.hold_reasons import HOLDS

    state = case["state"]
    open_orders = sorted(
        (o for o in orders if o["closed_at"] is None and o["state"] not in ("CLOSED", "VERIFIED")),
        key=lambda order: order["due_at"],
    )
    if state in CLOSED_STEPS:
        return state, None, CLOSED_STEPS[state]
    if open_orders and (case["owner"] == "BRANCH" or state == "IN_REVIEW"):
        order = open_orders[0]
        kind = order["kind"]
        if order["state"] == "HANDLED":
            step = Step("C47", "机构已处理，总公司核验", "the branch has handled it: head office verifies")
            return "VERIFY_ORDER", None, step
        due = order["due_at"].astimezone(SHANGHAI)
        step = Step(
            "C13",
            f"机构处理{word(kind, 'zh')}工单，{due:%Y-%m-%d}前办结",
            f"the branch works on its order ({word(kind, 'en')}), due by {due:%Y-%m-%d}",
        )
        return f"ORDER_{kind}", due.isoformat(), step
    if state == "ASLEEP":
        return "WAIT_FOR_RECEIPT", None, HOLDS["WAITING_FOR_RECEIPT"]
    if state == "AT_BRANCH":
        return "WITH_BRANCH", None, HOLDS["WITH_BRANCH"]
    if state == "IN_REVIEW":
        return "VERIFY_ORDER", None, Step("C47", "总公司复核", "head office verifies what the branch did")
    if callable_now:
        return "RING", now.astimezone(SHANGHAI).isoformat(), Step("R56", "现在可以拨打", "it may be rung now")
    if state == "APPOINTED" and case["appointment_at"] is not None:
        at = case["appointment_at"].astimezone(SHANGHAI)
        return "RING", at.isoformat(), Step("R37", f"按预约于{at:%m-%d %H:%M}拨打", f"rung as agreed, {at:%m-%d %H:%M}")
    if held is not None:
        reason, until = held
        return f"HELD_{reason}", until and until.astimezone(SHANGHAI).isoformat(), HOLDS[reason]
    return "RING", None, Step("R56", "排入拨打计划", "in the plan of dials")


def _event(event: Mapping) -> dict:
    told = {key: event["data"][key] for key in TOLD if (event["data"] or {}).get(key) not in (None, [], "")}
    # an order's own kind would hide what happened
    if "kind" in told:
        told["order_kind" if event["kind"].startswith("ORDER") else "contact_kind"] = told.pop("kind")
    return {
        "at": event["at"].astimezone(SHANGHAI).isoformat(),
        "event": event["kind"],
        "call_id": event["call_id"],
        **told,
    }


def _plain(value: Any) -> Any:
    return value.astimezone(SHANGHAI).isoformat() if isinstance(value, datetime) else value


def lines(answer: Mapping, lang: str) -> Iterator[str]:
    yield text(
        f"案件 {answer['case_id']} · 保单 {answer['policy_no']}",
        f"case {answer['case_id']} · policy {answer['policy_no']}",
    )
    yield text("状态：", "state: ") + word(answer["state"], lang)
    yield text("归属：", "owner: ") + answer["owner_name"]
    if answer["class"]:
        codes = [word(code, lang) for code in (*answer["reasons"], *answer["marks"])]
        yield text("结论：", "class: ") + " · ".join((word(answer["class"], lang), *codes))
    yield text("接下来：", "next: ") + answer["next"]["text"]
    yield text("经过：", "history:")
    for event in answer["history"]:
        codes = (
            event.get("result"),
            event.get("class"),
            event.get("order_kind"),
            event.get("state") or event.get("to"),
        )
        told = " · ".join(word(code, lang) for code in codes if code)
        yield f"  {event['at'][:16].replace('T', ' ')}  {event['event']}  {told}"
    for step in answer["steps"]:
        yield f"  {step['rule']}  {step['text']}"
