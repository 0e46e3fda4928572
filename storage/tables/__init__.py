"""Every table, as the migrations build it. Personal data stands in `*_sealed` columns (storage/vault.py) with a keyed
`*_hash` beside what must be looked up. Instants are UTC `timestamptz`; business dates are Asia/Shanghai dates.
"""

from storage.tables.calls import Answer, Call, CallCase, CarrierEvent, Recording
from storage.tables.contracts import Case, Contract, ContractPhone, ContractVersion, Person
from storage.tables.lists import ContractList, CoreCursor, ListRow, PushKey, RowProblem
from storage.tables.operations import CalendarDay, CalendarYear, Control, Event, Report
from storage.tables.organisation import Agent, Branch, FiledProfile, Outlet, RegisteredPhone, Staff, User
from storage.tables.outcomes import Settlement, WorkOrder
from storage.tables.second_looks import ClassOverride, OrderReview, PenaltyProposal, QualityCheck, QualitySample

__all__ = [
    "Agent",
    "Answer",
    "Branch",
    "CalendarDay",
    "CalendarYear",
    "Call",
    "CallCase",
    "CarrierEvent",
    "Case",
    "ClassOverride",
    "Contract",
    "ContractList",
    "ContractPhone",
    "ContractVersion",
    "Control",
    "CoreCursor",
    "Event",
    "FiledProfile",
    "ListRow",
    "OrderReview",
    "Outlet",
    "PenaltyProposal",
    "Person",
    "PushKey",
    "QualityCheck",
    "QualitySample",
    "Recording",
    "RegisteredPhone",
    "Report",
    "RowProblem",
    "Settlement",
    "Staff",
    "User",
    "WorkOrder",
]
