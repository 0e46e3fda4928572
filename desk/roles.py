"""Which role opens which page. Who sees which rows follows from the branch tree (storage/views/organisation.py)."""

SUPERVISORS = frozenset(
    {
        "CALLBACK_AGENT_LEAD",
        "BRANCH_SUPERVISOR",
        "DEPARTMENT_HEAD",
        "CUSTOMER_SERVICE_HEAD",
        "CALL_CENTER_HEAD",
        "LEADER_IN_CHARGE",
    }
)
BRANCH = frozenset({"BRANCH_STAFF", "BRANCH_SUPERVISOR"})
CONTROL = frozenset({"AUDITOR", "COMPLIANCE", "QUALITY"})
SYSTEM = frozenset({"OPERATOR", "ADMIN"})
CALLING = frozenset({"CALLBACK_AGENT", "CALLBACK_AGENT_LEAD"})
HEADS = SUPERVISORS - BRANCH
EVERYBODY = SUPERVISORS | BRANCH | CONTROL | SYSTEM | CALLING

RIGHTS: dict[str, frozenset[str]] = {
    "board": CALLING | HEADS | CONTROL | SYSTEM,
    "dialler": frozenset({"CALLBACK_AGENT_LEAD", "CALL_CENTER_HEAD"}) | SYSTEM,
    # who calls customers back himself, and who may listen in on it
    "call": CALLING,
    "listen_in": frozenset({"CALLBACK_AGENT_LEAD", "CALL_CENTER_HEAD", "QUALITY"}),
    "cases": EVERYBODY - {"OPERATOR"},
    "unmask": SUPERVISORS,
    "inbox": EVERYBODY - {"OPERATOR"},
    "orders": SUPERVISORS | BRANCH,
    "lists": CALLING | HEADS | CONTROL | SYSTEM,
    # head office checks what branches have handled (R128); who controls looks on
    "reviews": HEADS | CONTROL,
    "review": frozenset({"CALLBACK_AGENT_LEAD", "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD"}),
    # a class is overridden by two: one who knows the calls or the quality unit, then somebody above or beside him
    "overrides": HEADS | CONTROL,
    "override": frozenset({"CALLBACK_AGENT_LEAD", "QUALITY"}),
    "agree": frozenset({"QUALITY", "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD"}),
    "samples": HEADS | CONTROL,
    "draw": frozenset({"QUALITY", "CALL_CENTER_HEAD"}),
    "check": frozenset({"QUALITY"}),
    # the quality unit decides, two of it, or one and a head (C40)
    "penalties": HEADS | CONTROL,
    "recommend": frozenset({"QUALITY"}),
    "decide": frozenset({"QUALITY", "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD"}),
    # relatives who share a number: entered by who rings or checks, confirmed by a second person (C23)
    "ties": HEADS | CONTROL | CALLING,
    "enter_tie": frozenset({"CALLBACK_AGENT_LEAD", "QUALITY"}),
    "confirm_tie": frozenset({"QUALITY", "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD"}),
    # who may ask, sign and hear is decided by rules/retrieval.py; these open the pages
    "recordings": SUPERVISORS | CONTROL,
    "retrievals": SUPERVISORS | frozenset({"AUDITOR", "COMPLIANCE"}),
    "access": (HEADS | frozenset({"AUDITOR", "COMPLIANCE"})) - frozenset({"CALLBACK_AGENT_LEAD"}),
    # who may order what is decided by rules/keeping.py; this opens the page
    "keeping": frozenset({"COMPLIANCE", "AUDITOR", "QUALITY", "CALLBACK_AGENT_LEAD", "CALL_CENTER_HEAD"})
    | frozenset({"CUSTOMER_SERVICE_HEAD", "LEADER_IN_CHARGE"}),
    "training": CALLING | frozenset({"CALL_CENTER_HEAD", "CUSTOMER_SERVICE_HEAD", "AUDITOR", "COMPLIANCE"}),
    "measures": HEADS | CONTROL | frozenset({"BRANCH_SUPERVISOR"}),
    # how days are counted and which rules hold: everybody at head office may see it, compliance changes it
    "calendar": CALLING | HEADS | CONTROL | SYSTEM,
    "change_calendar": frozenset({"COMPLIANCE", "CUSTOMER_SERVICE_HEAD", "ADMIN"}),
    "profiles": HEADS | CONTROL | SYSTEM,
    "file_profile": frozenset({"COMPLIANCE"}),
    # a script is drafted by one, reviewed by another, and published by compliance or the head of the centre
    "scripts": CALLING | HEADS | CONTROL | SYSTEM,
    "draft_script": frozenset({"COMPLIANCE", "QUALITY"}),
    "review_script": frozenset({"COMPLIANCE", "QUALITY", "CALL_CENTER_HEAD"}),
    "publish_script": frozenset({"COMPLIANCE", "CALL_CENTER_HEAD"}),
    "mend": CALLING | HEADS | SYSTEM,  # who checks does not write
}

# The page that answers a role's first question; the first line that fits decides.
FIRST_PAGES = ((frozenset({"CALLBACK_AGENT"}), "/agent"), (BRANCH, "/branches/{branch}/inbox"), (EVERYBODY, "/board"))


def may(roles: frozenset[str], right: str) -> bool:
    return bool(roles & RIGHTS[right])


def first_page(roles: frozenset[str], branch_code: str) -> str:
    for some, page in FIRST_PAGES:
        if roles & some:
            return page.format(branch=branch_code)
    return "/sign-in"
