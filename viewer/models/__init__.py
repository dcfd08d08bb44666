"""The rows of the viewer."""

from viewer.models.audit import AuditEvent, AuditSeal
from viewer.models.calibration import Calibration
from viewer.models.display import DisplayCheck
from viewer.models.job import Job, OutboxItem
from viewer.models.measurement import Measurement
from viewer.models.person import Preference, PresentationState, SavedSearch
from viewer.models.registration import Registration
from viewer.models.rights import Epoch, LoginFailure, Permit, Token
from viewer.models.study import Archive, Patient, Series, Study

__all__ = [
    "Archive",
    "AuditEvent",
    "AuditSeal",
    "Calibration",
    "DisplayCheck",
    "Epoch",
    "Job",
    "LoginFailure",
    "Measurement",
    "OutboxItem",
    "Patient",
    "Permit",
    "Preference",
    "PresentationState",
    "Registration",
    "SavedSearch",
    "Series",
    "Study",
    "Token",
]
