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
    "cases": EVERYBODY - {"OPERATOR"},
    "unmask": SUPERVISORS,
    "inbox": EVERYBODY - {"OPERATOR"},
    "orders": SUPERVISORS | BRANCH,
    "lists": CALLING | HEADS | CONTROL | SYSTEM,
    "mend": CALLING | HEADS | SYSTEM,  # who checks does not write
}

# The page that answers a role's first question; the first line that fits decides.
FIRST_PAGES = ((BRANCH, "/branches/{branch}/inbox"), (EVERYBODY, "/board"))


def may(roles: frozenset[str], right: str) -> bool:
    return bool(roles & RIGHTS[right])


def first_page(roles: frozenset[str], branch_code: str) -> str:
    for some, page in FIRST_PAGES:
        if roles & some:
            return page.format(branch=branch_code)
    return "/sign-in"
