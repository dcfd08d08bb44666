"""The rows of the viewer."""

from viewer.models.audit import AuditEvent, AuditSeal
from viewer.models.person import Preference, PresentationState, SavedSearch
from viewer.models.rights import Epoch, LoginFailure, Permit, Token
from viewer.models.study import Archive, Patient, Series, Study

__all__ = [
    "Archive",
    "AuditEvent",
    "AuditSeal",
    "Epoch",
    "LoginFailure",
    "Patient",
    "Permit",
    "Preference",
    "PresentationState",
    "SavedSearch",
    "Series",
    "Study",
    "Token",
]
