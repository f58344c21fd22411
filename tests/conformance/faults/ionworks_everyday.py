"""Faults of what every job API owes, made for Ionworks where its own tables of faults have none."""

from __future__ import annotations

from tests.conformance.faults.common_everyday import the_eighth_is_lost
from tests.conformance.faults.ionworks import API, fault

WORDS = {"id": "job_id", "job": lambda body: body, "no": {"error_code": "NOT_FOUND", "message": "no", "detail": None}}

FAULTS = [fault("eighth-is-lost", "JOB-IDM-002", "the eighth job cannot be read", the_eighth_is_lost(API, WORDS))]
