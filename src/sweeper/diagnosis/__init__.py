"""What a trial's learning curve says, and what to do about it: pure functions from records.

The terms and the advice are those of the team's guide to MLflow (4.2), and two more: still
improving, and saturated early.
"""

from sweeper.diagnosis.diagnose import SHORTEST, diagnose, diagnose_reports
from sweeper.diagnosis.finding import Diagnosis, Finding
from sweeper.diagnosis.sweep import Findings, find_all

__all__ = [
    "SHORTEST",
    "Diagnosis",
    "Finding",
    "Findings",
    "diagnose",
    "diagnose_reports",
    "find_all",
]
