"""The OpenAPI document: whole, true, and the same as the page and docs/api.md."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import positive_data_acceptance

from agentconsole.backend import openapi
from agentconsole.backend.http import MAX_BODY
from agentconsole.backend.rest import ROUTES, Upload
from tests.running import Running, running
from tests.waiting import until

DOCUMENT = json.loads(json.dumps(openapi.document()))
API = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


def test_every_route_is_in_the_document() -> None:
    assert {(route.path, route.method.lower()) for route in ROUTES} <= set(OPERATIONS)
    assert len({DOCUMENT["paths"][path][method]["operationId"] for path, method in OPERATIONS}) == len(
        OPERATIONS
    )


@pytest.mark.parametrize("path, method", OPERATIONS)
def test_every_operation_is_on_the_page_and_in_the_handbook(path: str, method: str) -> None:
    page = unescape(openapi.page(DOCUMENT))
    assert f"<code>{method.upper()} {path}</code>" in page
    assert re.search(rf"`{method.upper()} {re.escape(path)}`", API), "docs/api.md does not tell of it"


def test_the_handbook_tells_of_nothing_else() -> None:
    told = set(re.findall(r"`(GET|POST|DELETE|PUT|PATCH) (/\S+)`", API))
    assert told == {(method.upper(), path) for path, method in OPERATIONS}


def test_every_reference_leads_somewhere() -> None:
    names = DOCUMENT["components"]["schemas"]
    for reference in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT)):
        assert reference in names


def test_no_shape_takes_unknown_fields() -> None:
    for route in ROUTES:
        if route.body is not None and route.body is not Upload:
            assert route.body.__struct_config__.forbid_unknown_fields, route.path
        if route.query is not None:
            assert route.query.__struct_config__.forbid_unknown_fields, route.path


def test_no_route_takes_an_unknown_parameter(server: Running) -> None:
    """Also where there are none: a slip of the pen in a filter's name would show everything."""
    token = server.login(server.add_user("supervisor"))
    for route in ROUTES:
        if route.who != "visitor":
            path = re.sub(r"{\w+}", "1", route.path)
            answer = server.ask(route.method, f"{path}?depatrment=1", token)
            assert (answer.status_code, answer.json()["code"]) == (400, "bad_frame"), route.path


def test_the_server_shows_the_same_document_and_a_page_without_scripts(server: Running) -> None:
    assert server.ask("GET", "/api/openapi.json").json() == DOCUMENT
    assert DOCUMENT["openapi"].startswith("3.1.")
    page = server.ask("GET", "/api/docs")
    assert "<script" not in page.text
    assert "://" not in page.text, "nothing is fetched from elsewhere"
    assert server.ask("GET", "/static/api.css").headers["content-type"] == "text/css; charset=utf-8"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A server that is in nobody's way, with something to find, and a supervisor's token."""
    data = tmp_path_factory.mktemp("fuzzed") / "data"
    with running(data, login_tries_per_account=1_000_000, login_tries_per_address=1_000_000) as server:
        slug = server.add_department()
        token = server.login(server.add_user("supervisor", "agent", department=slug))
        visitor = server.visitor()
        visitor.start(server.department_id(slug))
        yield server, token
        visitor.close()


PATIENCE = 120  # seconds for an answer, also of those that the checks ask for themselves; theirs were 10

FUZZ = schemathesis.openapi.from_dict(DOCUMENT).exclude(operation_id="delete_sessions_current")
FUZZ.config.update(request_timeout=PATIENCE)


@pytest.mark.filterwarnings("default")
@FUZZ.parametrize()
@settings(max_examples=12, suppress_health_check=[*HealthCheck])
def test_whatever_is_sent_the_answer_is_as_described(
    case: schemathesis.Case, fuzzed: tuple[Running, str]
) -> None:
    server, token = fuzzed

    def answered() -> Response | None:
        answer = case.call(base_url=server.url, headers={"Authorization": f"Bearer {token}"})
        later = answer.status_code == 503 and "Retry-After" in answer.headers  # it stood still, and says so
        return None if later else answer

    answer = until(answered, seconds=PATIENCE, every=0.5, what="a server that is ready")
    if answer.status_code == 413:  # for these checks no way to refuse what is wrong, and big as well
        assert len(answer.request.body or b"") > MAX_BODY
        return
    case.validate_response(
        answer,
        excluded_checks=[positive_data_acceptance],  # a sound text may still be empty or come too late
    )
