"""What a snapshot may hold of a Run:AI job."""

from __future__ import annotations

from mockserver.adapters.keeping import Keeping, typed
from mockserver.adapters.runai.naming import SHELF, read
from mockserver.adapters.runai.reading import Submission
from mockserver.adapters.runai.views import view

KEEPS = Keeping(typed(Submission), view, {SHELF: read})
