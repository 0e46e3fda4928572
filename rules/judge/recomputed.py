"""Promise 6: every outcome can be recomputed from the answers and the rule profile it names."""

from collections.abc import Iterator

from rules.judge.history import Book, Broken, Event, History
from rules.judge.settled_contacts import settled_contacts


def outcomes_recomputed(history: History, book: Book) -> Iterator[Broken]:
    """Each stored contact, decided again, gives the stored class, reasons, marks and state; its facts and answers are
    those of the call's own turns, and what it took over was answered before. One line a contact, with all it has. A class
    that two people put in its place stands beside it: the derived one is named as it was."""
    for case_id, contacts in settled_contacts(history, book).items():
        for contact in contacts:
            if contact.faults:
                zh, en = ("；".join(f[0] for f in contact.faults), "; ".join(f[1] for f in contact.faults))
                yield Broken(6, case_id, contact.event.call_id, zh, en, contact.event.at)
    for case_id, events in history.cases.items():
        for event in events:
            if event.kind == "CLASS_OVERRIDDEN" and (fault := _not_by_two(event, events)):
                yield Broken(6, case_id, event.call_id, *fault, event.at)


def _not_by_two(event: Event, events: list[Event]) -> tuple[str, str] | None:
    first, second = event.data.get("proposed_by"), event.data.get("confirmed_by")
    if not first or not second or first == second:
        return "改定类别须由两人办理", "a class is overridden by two people"
    derived = {e.data.get("class") for e in events if e.kind == "SETTLED" and e.id < event.id}
    if event.data.get("derived") not in derived:
        return "改定前的类别与留存结果不符", "the class that was overridden is not one that was derived"
    return None
