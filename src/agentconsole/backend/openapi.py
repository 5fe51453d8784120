"""The OpenAPI document, made from the table of routes and the shapes, and the same as a page to read."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import msgspec

from agentconsole import __version__
from agentconsole.protocol import Code

from .rest import ROUTES, Download, Problem, Route, Upload
from .rest.calls import STATUS

REFS = "#/components/schemas/{name}"
COMMON = (Code.bad_frame, Code.busy)
OPERATING = (
    ("/healthz", "Is the process alive?"),
    ("/readyz", "Does the database take and give, and may clients come?"),
    ("/metrics", "Figures in Prometheus' text format."),
)
REASONS = {
    400: "The request makes no sense; the sentence says why.",
    401: "Not logged in, or the token has ended.",
    404: "There is no such thing, or it is not yours: both answer alike.",
    408: "The body took too long.",
    409: "The state of the thing does not allow this; the code says which of the reasons it is.",
    413: "The body is too big.",
    415: "The body must be application/json, or for a file: not compressed.",
    429: "Too many in too short a time; Retry-After says when to go on.",
    503: "The server cannot do it just now; Retry-After says when to try again.",
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    shapes = [
        Problem,
        *(shape for route in ROUTES for shape in (route.body, route.answer) if _is_json(shape)),
    ]
    schemas, components = msgspec.json.schema_components(shapes, ref_template=REFS)
    named = dict(zip(map(repr, shapes), schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, named)
    for path, meaning in OPERATING:
        answer = {"200": {"description": "Yes.", "content": {"text/plain": {"schema": {"type": "string"}}}}}
        if path == "/readyz":
            answer["503"] = _refused(503, named)
        paths[path] = {
            "get": {"operationId": path[1:], "summary": meaning, "responses": answer, "security": []}
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "agentconsole",
            "version": __version__,
            "description": "Times are UTC milliseconds, ids are positive integers. Every refusal is a code and a sentence.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "staff": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token from POST /api/sessions.",
                },
                "visitor": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token in the visitor's browser.",
                },
            },
        },
    }


def _is_json(shape: Any) -> bool:
    return shape is not None and shape not in (Download, Upload)


def _operation(route: Route, named: dict[str, Any]) -> dict[str, Any]:
    words = re.sub(r"[{}]", "", route.path.removeprefix("/api/")).replace("-", "_").split("/")
    found: dict[str, Any] = {
        "operationId": "_".join([route.method.lower(), *words]),
        "summary": route.summary,
        "security": [] if route.who == "anybody" else [{route.who: []}],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {str(route.status): _success(route, named)},
    }
    if route.body is not None:
        if route.body is Upload:
            content: dict[str, Any] = {"application/octet-stream": {"schema": {}}}
        else:
            content = {"application/json": {"schema": named[repr(route.body)]}}
        found["requestBody"] = {"required": True, "content": content}
    found["responses"].update({str(status): _refused(status, named) for status in statuses(route)})
    return found


def statuses(route: Route) -> list[int]:
    """With which statuses the route may refuse."""
    found = {STATUS[code] for code in (*COMMON, *route.refusals)}
    if route.who != "anybody":
        found.add(401)
    if route.body is not None:
        found |= {408, 413, 415}
    if "{" in route.path:
        found.add(404)
    return sorted(found)


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    (_,), components = msgspec.json.schema_components([route.query], ref_template=REFS)
    properties: dict[str, Any] = components[route.query.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": _inlined(schema, components)}
        for name, schema in properties.items()
    ]


def _inlined(schema: Any, components: dict[str, Any]) -> Any:
    """The schema with what it refers to in its place."""
    return components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _success(route: Route, named: dict[str, Any]) -> dict[str, Any]:
    if route.answer is None:
        return {"description": "Done."}
    if route.answer is Download:
        header = {"Content-Disposition": {"schema": {"type": "string"}}}
        text = {"text/plain": {"schema": {"type": "string"}}, "application/octet-stream": {"schema": {}}}
        return {"description": "A file to save.", "headers": header, "content": text}
    return {"description": "Done.", "content": {"application/json": {"schema": named[repr(route.answer)]}}}


def _refused(status: int, named: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": named[repr(Problem)]}}
    return {"description": REASONS[status], "content": content}


# --- the page ------------------------------------------------------------------------------------------------------

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
code, pre { font: 0.9em/1.5 ui-monospace, monospace; }
section { border-top: 1px solid; padding: 0.5rem 0; }
h2 code { font-size: 1rem; font-weight: bold; }
table { border-collapse: collapse; }
td, th { padding: 0.1rem 1rem 0.1rem 0; text-align: left; vertical-align: top; }
pre { overflow-x: auto; }
"""


def page(found: dict[str, Any]) -> str:
    """The document as a page to read, without a script."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>agentconsole: the REST door</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/api.css"></head><body>',
        f"<h1>The REST door of agentconsole {escape(__version__)}</h1>",
        f"<p>{escape(found['info']['description'])}",
        'For programs: <a href="/api/openapi.json">openapi.json</a>.</p>',
    ]
    doors = [(*door, path) for path, methods in found["paths"].items() for door in methods.items()]
    parts.append("<ul>")
    parts += [
        f'<li><a href="#{operation["operationId"]}"><code>{method.upper()} {escape(path)}</code></a></li>'
        for method, operation, path in doors
    ]
    parts.append("</ul>")
    for method, operation, path in doors:
        parts += _section(path, method, operation)
    parts.append("<h1>Shapes</h1>")
    for name, schema in sorted(found["components"]["schemas"].items()):
        parts += _shape(name, schema)
    return "\n".join([*parts, "</body></html>"])


def _section(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    who = " or ".join(name for need in operation["security"] for name in need) or "anybody"
    name = operation["operationId"]
    parts = [f'<section id="{name}"><h2><code>{method.upper()} {escape(path)}</code></h2>']
    parts.append(f"<p>{_prose(operation['summary'])} Who: {who}.</p><table>")
    rows = [
        (f"{found['in']} {found['name']}", _words(found["schema"]))
        for found in operation.get("parameters", [])
    ]
    if "requestBody" in operation:
        rows += [("body", _words(body["schema"])) for body in operation["requestBody"]["content"].values()]
    for status, answer in operation["responses"].items():
        shape = next((content["schema"] for content in answer.get("content", {}).values()), None)
        words = f": {_words(shape)}" if shape and status < "300" else ""
        reason = answer["description"].removesuffix(".") if words else answer["description"]
        rows.append((status, _prose(reason) + words))
    return [
        *parts,
        *(f"<tr><th>{left}</th><td>{right}</td></tr>" for left, right in rows),
        "</table></section>",
    ]


def _shape(name: str, schema: dict[str, Any]) -> list[str]:
    parts = [f'<section id="{escape(name)}"><h2><code>{escape(name)}</code></h2>']
    if "description" in schema:
        parts.append(f"<p>{_prose(schema['description'])}</p>")
    if "properties" not in schema:
        return [*parts, f"<p>{_words(schema)}</p></section>"]
    needed = schema.get("required", [])
    rows = [
        f"<tr><th>{escape(field)}</th><td>{_words(kind)}{'' if field in needed else ', may be left out'}</td></tr>"
        for field, kind in schema["properties"].items()
    ]
    return [*parts, "<table>", *rows, "</table></section>"]


def _prose(text: str) -> str:
    """The text with what stands in backticks as code."""
    return re.sub("`+([^`]+)`+", r"<code>\1</code>", escape(text))


def _words(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_words, schema["anyOf"]))
    if "enum" in schema:
        return "one of " + ", ".join(f"<code>{escape(str(word))}</code>" for word in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_words(schema.get('items', {}))}"
    bounds = {"minimum": "from", "maximum": "to", "minLength": "at least", "maxLength": "at most"}
    if not schema:
        return "a file"
    limits = "".join(f", {word} {schema[key]}" for key, word in bounds.items() if key in schema)
    return escape(f"{schema.get('type', 'anything')}{limits}")
