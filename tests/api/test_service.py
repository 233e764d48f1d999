"""Health, metrics, the landing page, and what every path has in common."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import httpx
import pytest
import yaml

from api.server import HttpServer
from correio.auth.authenticator import Authenticator
from correio.config import Endpoint, Settings
from correio.mail.message_store import MessageStore
from correio.store.database import Database
from tests.api.contract_client import CONTRACT, DOCUMENT, ContractClient, check_response
from tests.api.test_contract import NOBODY


async def test_health_and_readiness(anyone: ContractClient) -> None:
    assert (await anyone.get("/healthz")).json() == {"status": "ok"}
    assert (await anyone.get("/readyz")).json() == {"status": "ok"}


async def test_without_a_database_it_is_alive_and_not_ready(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    store = MessageStore(settings, Database("mongodb://127.0.0.1:1/", "correio"))
    authenticator = Authenticator(store)
    server = HttpServer(store, authenticator, settings)
    endpoint = await server.listen(Endpoint("127.0.0.1", 0))
    client = ContractClient(f"http://{endpoint}", "co_" + "x" * 43)
    assert (await client.get("/healthz")).status_code == 200
    response = await client.get("/readyz")
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert int(response.headers["retry-after"]) >= 1
    await client.http.aclose()
    await server.close(1)
    authenticator.close()
    await store.database.close()


async def test_the_contract_is_served_as_it_is(anyone: ContractClient) -> None:
    response = await anyone.get("/openapi.yaml")
    assert response.content == CONTRACT.source
    assert yaml.safe_load(response.content) == DOCUMENT


async def test_the_landing_page_needs_nothing_from_elsewhere(anyone: ContractClient) -> None:
    response = await anyone.get("/")
    page = response.text
    policy = response.headers["content-security-policy"]
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy
    assert "<script" not in page
    assert " style=" not in page
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    for link in re.findall(r'href="(/[^"]*)"', page):
        assert (await anyone.get(link)).status_code == 200


async def test_metrics_count_requests_by_route_and_never_by_path(anyone: ContractClient) -> None:
    await anyone.get("/v1/messages/M" + "a" * 24)
    await anyone.get("/no/such/path/" + "x" * 50)
    text = (await anyone.get("/metrics")).text
    assert re.search(r'correio_http_requests_total\{route="get_message",method="GET",status="401"\} \d+', text)
    assert re.search(r'correio_http_requests_total\{route="none",method="GET",status="404"\} \d+', text)
    assert re.search(r'correio_http_request_seconds_bucket\{route="get_message",le="\+Inf"\} \d+', text)
    assert re.search(r'correio_connections\{protocol="http"\} [1-9]', text)
    assert "xxxx" not in text


async def test_head_is_get_without_the_body(anyone: ContractClient, client: ContractClient) -> None:
    for path in ("/", "/healthz", "/openapi.yaml", "/v1/account", "/v1/mailboxes"):
        got, head = await client.get(path), await client.request("HEAD", path)
        assert head.status_code == got.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == str(len(got.content))
        assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("path", sorted(DOCUMENT["paths"]))
async def test_options_and_other_methods_name_what_is_allowed(anyone: ContractClient, path: str) -> None:
    item = DOCUMENT["paths"][path]
    allowed = {method.upper() for method in item if method != "parameters"} | {"OPTIONS"}
    if "GET" in allowed:
        allowed.add("HEAD")
    path = path.format(**NOBODY)
    options = await anyone.request("OPTIONS", path)
    assert options.status_code == 204
    # /v1/tokens/current is a token's path as well.
    assert set(options.headers["allow"].split(", ")) == allowed
    for method in {"PUT", "TRACE", "DELETE", "POST", "PATCH"} - allowed:
        response = await anyone.http.request(method, path)
        assert response.status_code == 405, method
        assert set(response.headers["allow"].split(", ")) == allowed
        assert response.json()["code"] == "method-not-allowed"


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/account/",
        "/v2/account",
        "/healthz/x",
        "/v1/mailboxes//messages",
        "/%2e%2e/etc",
        "/v1/messages/batch/x",
    ],
)
async def test_what_is_nowhere_is_a_404_problem(client: ContractClient, path: str) -> None:
    response = await client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not-found")


async def test_a_failure_of_our_own_is_a_masked_500(
    client: ContractClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> object:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("api.rest.mailboxes.mailbox_json", broken)
    response = await client.get("/v1/mailboxes")
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert "secret" not in response.text
    assert "Zero" not in response.text
    [record] = [record for record in caplog.records if record.exc_info and record.name == "correio.http"]
    assert record.__dict__["request_id"] == response.headers["x-request-id"] == response.json()["request_id"]


async def test_a_request_id_of_the_client_is_not_taken_over(anyone: ContractClient) -> None:
    response = await anyone.get("/healthz", headers={"X-Request-Id": "mine"})
    assert response.headers["x-request-id"] != "mine"


async def test_no_cross_origin_access_is_granted(anyone: ContractClient) -> None:
    async with httpx.AsyncClient(base_url=anyone.http.base_url) as http:
        response = await http.options(
            "/v1/account", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
        )
    check_response("OPTIONS", "/v1/account", response)
    assert not [name for name in response.headers if name.startswith("access-control-")]
