"""connexion's part: it knows the documents' operations and says which one a request means.

Its routing middleware stays in charge; only its scan over all routes is replaced by one lookup in a path index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from mockserver.http.lean import lean_imports
from mockserver.http.path_index import PathIndex
from specs import Spec, lowering

with lean_imports():
    from connexion.middleware.exceptions import ExceptionMiddleware
    from connexion.middleware.main import API, ConnexionMiddleware
    from connexion.middleware.routing import RoutingMiddleware, RoutingOperation
    from connexion.resolver import Resolver
    from connexion.spec import OpenAPISpecification
    from starlette.routing import Route, Router

Scope = dict[str, Any]
Application = Callable[[Any, Any, Any], Any]
Routes = PathIndex[RoutingOperation]


class _TestedDocument(OpenAPISpecification):  # type: ignore[misc]  # connexion has no types
    """A lowered document as connexion keeps it, minus the slow validation at load: the tests validate it instead."""

    @classmethod
    def _validate_spec(cls, spec: Mapping[str, Any]) -> None:
        return


class _IndexRouter:
    """Stands where connexion keeps its router: hands a request to the operation that the index finds, or to nobody's."""

    def __init__(self, index: Routes, nobody: RoutingOperation) -> None:
        self.routes: list[Any] = []  # connexion looks here for APIs that share a base path; an index needs no chain
        self.index, self.nobody = index, nobody
        self.bases: dict[RoutingOperation, str] = {}

    def mount(self, path: str, app: Router) -> None:
        """File all routes that connexion made of one document."""
        for route in app.routes:
            if isinstance(route, Route):
                operation: RoutingOperation = route.app
                self.bases[operation] = path
                for method in route.methods or ():
                    self.index.add(path + route.path, method, operation)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        raw = scope.get("raw_path")
        found = self.index.find(raw.decode("latin-1") if raw else scope["path"], scope["method"])
        if found is None:
            await self.nobody({"root_path": scope.get("root_path", "")}, receive, send)
            return
        operation, values = found
        seen = {"root_path": scope.get("root_path", "") + self.bases[operation], "path_params": {"values": values}}
        await operation(seen, receive, send)


class IndexedRouting(RoutingMiddleware):  # type: ignore[misc]  # connexion has no types
    """connexion's routing middleware over a path index."""

    def __init__(self, app: Application, index: Routes) -> None:
        super().__init__(app)
        self.router = _IndexRouter(index, RoutingOperation(None, app))


def connect(application: Application, served: Sequence[tuple[Spec, object]], index: Routes, on_error: Callable[..., Any]) -> ConnexionMiddleware:
    """Wrap the contract application in connexion: exceptions, then routing over all documents.

    `served` pairs each API with the object whose attributes are its operations; connexion refuses an operation without one.
    """
    stack = ConnexionMiddleware(application, import_name=__name__, middlewares=[ExceptionMiddleware, partial(IndexedRouting, index=index)])
    for spec, functions in served:
        view = _TestedDocument(lowering.routes(spec.document, spec.operations))
        stack.apis.append(API(view, base_path=spec.base_path, resolver=Resolver(partial(getattr, functions))))
    stack.add_error_handler(Exception, on_error)
    return stack
