"""What a snapshot may hold of an openYuanrong job."""

from __future__ import annotations

from mockserver.adapters.keeping import Keeping, typed
from mockserver.adapters.openyuanrong.reading import Submission
from mockserver.adapters.openyuanrong.views import view

KEEPS = Keeping(typed(Submission), view, {"openyuanrong.addresses": None})
