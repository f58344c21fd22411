"""Operations about Ionworks itself: its health, and the caller's identity."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Reply
from mockserver.adapters.ionworks.correlation import reply
from mockserver.adapters.ionworks.credentials import identity


def healthz_healthz_get(call: Call) -> Reply:
    """The service is up."""
    return reply(call, {"status": "ok"})


def get_current_user_users_me_get(call: Call) -> Reply:
    """The caller and its organisation."""
    owner, name = identity(call)
    home = {"id": owner, "name": owner}
    user = {"id": name, "email": f"{name}@ionworks.example", "organization_id": owner}
    return reply(call, user | {"authorized_organization": home, "organizations": [home]})
