"""Every table, as the migrations build it. Personal data stands in `*_sealed` columns (storage/vault.py) with a keyed
`*_hash` beside what must be looked up. Instants are UTC `timestamptz`; business dates are Asia/Shanghai dates.
"""

from storage.tables.agent_calls import AgentCall, AgentLeg, AgentSeat
from storage.tables.archive import (
    Alarm,
    ArchiveObject,
    DataKey,
    Disposal,
    DisposalItem,
    Dispute,
    FixityCheck,
    LegalHold,
    PaperFile,
    Redaction,
    SensitiveStretch,
    WormCanary,
)
from storage.tables.calls import Answer, Call, CallCase, CarrierEvent, Recording
from storage.tables.contracts import Case, Contract, ContractPhone, ContractVersion, FamilyTie, Person
from storage.tables.ledger import Checkpoint, LedgerHead, LedgerLine, LedgerNode, LedgerTimestamp, LedgerTree
from storage.tables.lists import ContractList, CoreCursor, ListRow, PushKey, RowProblem
from storage.tables.operations import CalendarDay, CalendarYear, CarrierComparison, Control, Event, Report
from storage.tables.organisation import (
    Agent,
    Branch,
    FiledProfile,
    Outlet,
    RegisteredAddress,
    RegisteredPhone,
    Staff,
    User,
)
from storage.tables.outcomes import Settlement, WorkOrder
from storage.tables.retrieval import (
    Play,
    PrivacyConfirmation,
    RetrievalRecording,
    RetrievalRequest,
    RetrievalSignature,
)
from storage.tables.scripts import ScriptRecall, ScriptText, ScriptVersion
from storage.tables.second_looks import (
    ClassOverride,
    OrderReview,
    PenaltyProposal,
    QualityAssignment,
    QualityCheck,
    QualitySample,
)
from storage.tables.training import TrainingCopy, TrainingPlay

__all__ = [
    "Agent",
    "AgentCall",
    "AgentLeg",
    "AgentSeat",
    "Alarm",
    "Answer",
    "ArchiveObject",
    "Branch",
    "CalendarDay",
    "CalendarYear",
    "Call",
    "CallCase",
    "CarrierComparison",
    "CarrierEvent",
    "Case",
    "Checkpoint",
    "ClassOverride",
    "Contract",
    "ContractList",
    "ContractPhone",
    "ContractVersion",
    "Control",
    "CoreCursor",
    "DataKey",
    "Disposal",
    "DisposalItem",
    "Dispute",
    "Event",
    "FamilyTie",
    "FiledProfile",
    "FixityCheck",
    "LedgerHead",
    "LedgerLine",
    "LedgerNode",
    "LedgerTimestamp",
    "LedgerTree",
    "LegalHold",
    "ListRow",
    "OrderReview",
    "Outlet",
    "PaperFile",
    "PenaltyProposal",
    "Person",
    "Play",
    "PrivacyConfirmation",
    "PushKey",
    "QualityAssignment",
    "QualityCheck",
    "QualitySample",
    "Recording",
    "Redaction",
    "RegisteredAddress",
    "RegisteredPhone",
    "Report",
    "RetrievalRecording",
    "RetrievalRequest",
    "RetrievalSignature",
    "RowProblem",
    "ScriptRecall",
    "ScriptText",
    "ScriptVersion",
    "SensitiveStretch",
    "Settlement",
    "Staff",
    "TrainingCopy",
    "TrainingPlay",
    "User",
    "WorkOrder",
    "WormCanary",
]
