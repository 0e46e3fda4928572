"""Promise 6: every outcome can be recomputed from the answers and the rule profile it names."""

from collections.abc import Iterator

from rules.judge.history import Book, Broken, History
from rules.judge.settled_contacts import settled_contacts


def outcomes_recomputed(history: History, book: Book) -> Iterator[Broken]:
    """Each stored contact, decided again, gives the stored class, reasons, marks and state; its facts and answers are
    those of the call's own turns, and what it took over was answered before. One line a contact, with all it has."""
    for case_id, contacts in settled_contacts(history, book).items():
        for contact in contacts:
            if contact.faults:
                zh, en = ("；".join(f[0] for f in contact.faults), "; ".join(f[1] for f in contact.faults))
                yield Broken(6, case_id, contact.event.call_id, zh, en, contact.event.at)
