"""connexion's part: finds the operation of a request in the documents.

It compiles the documents into operations; only its scan over all routes is replaced by one lookup in a path index. Its
other middlewares are left out: the contract application answers every error itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from mockserver.http.asgi.connexion_import import lean_imports
from mockserver.http.asgi.path_index import PathIndex
from specs import Spec, lowering

with lean_imports():
    from connexion.middleware.abstract import ROUTING_CONTEXT
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


class _Filing:
    """Replaces connexion's router while documents are added: puts every route into the index."""

    def __init__(self, index: Routes) -> None:
        self.routes: list[Any] = []  # connexion looks here for APIs that share a base path; an index needs no chain
        self.index = index

    def mount(self, path: str, app: Router) -> None:
        """File all routes that connexion made of one document."""
        for route in app.routes:
            if isinstance(route, Route):
                for method in route.methods or ():
                    self.index.add(path + route.path, method, route.app)


class IndexedRouting(RoutingMiddleware):  # type: ignore[misc]  # connexion has no types
    """connexion's routing middleware over a path index: it notes the operation where connexion's own would note it."""

    def __init__(self, app: Application, index: Routes) -> None:
        super().__init__(app)
        self.router, self.find = _Filing(index), index.find

    def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        """Pass a request on with its operation and path parameters, or without an operation if there is none."""
        if scope["type"] == "http":
            raw = scope.get("raw_path")
            found = self.find(raw.decode("latin-1") if raw else scope["path"], scope["method"])
            operation, values = (None, ()) if found is None else (found[0].operation_id, found[1])
            scope["path_params"] = {"values": values}
            scope.setdefault("extensions", {})[ROUTING_CONTEXT] = {"operation_id": operation}
        return self.app(scope, receive, send)


def connect(application: Application, served: Sequence[tuple[Spec, object]], index: Routes) -> IndexedRouting:
    """Wrap the contract application in connexion's routing over all documents.

    `served` pairs each API with the object whose attributes are its operations. Raises connexion's ResolverError for an
    operation without one.
    """
    stack = ConnexionMiddleware(application, import_name=__name__, middlewares=[partial(IndexedRouting, index=index)])
    for spec, functions in served:
        view = _TestedDocument(lowering.routes(spec.document, spec.operations))
        stack.apis.append(API(view, base_path=spec.base_path, resolver=Resolver(partial(getattr, functions))))
    outermost: IndexedRouting = stack._build_middleware_stack()[0]
    return outermost
