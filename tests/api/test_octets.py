"""Raw messages and parts: byte exact, in ranges, conditional, and safe to click on."""

from __future__ import annotations

import os

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import Service
from tests.api.contract_client import ContractClient
from tests.api.messages import EMBEDDED, PDF, RICH, plain


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets=st.binary(min_size=1, max_size=3000))
async def test_any_octets_come_back_but_for_bare_cr_and_lf(client: ContractClient, octets: bytes) -> None:
    message = await client.put(octets)
    raw = (await client.get(f"/v1/messages/{message['id']}/raw")).content
    expected = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert raw == expected
    assert message["size"] == len(raw)


async def test_a_large_message_streams_whole_and_in_ranges(client: ContractClient) -> None:
    raw = plain() + os.urandom(700_000).replace(b"\r", b"x").replace(b"\n", b"y") + b"\r\n"
    message = await client.put(raw)
    url = f"/v1/messages/{message['id']}/raw"
    whole = await client.get(url)
    assert whole.content == raw
    assert whole.headers["content-type"] == "message/rfc822"
    assert int(whole.headers["content-length"]) == len(raw)
    for field, expected in {
        "bytes=0-0": raw[:1],
        "bytes=100000-600000": raw[100_000:600_001],
        "bytes=-10": raw[-10:],
        "bytes=699000-": raw[699_000:],
    }.items():
        part = await client.get(url, headers={"Range": field})
        assert (part.status_code, part.content) == (206, expected)
        assert part.headers["content-range"].endswith(f"/{len(raw)}")


async def test_ranges_of_a_decoded_part(client: ContractClient) -> None:
    message = await client.put(RICH)
    url = f"/v1/messages/{message['id']}/parts/2"
    whole = await client.get(url)
    assert whole.content == PDF
    tag = whole.headers["etag"]
    part = await client.get(url, headers={"Range": "bytes=1000-1999", "If-Range": tag})
    assert (part.status_code, part.content) == (206, PDF[1000:2000])
    other = await client.get(url, headers={"Range": "bytes=1000-1999", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, PDF)
    several = await client.get(url, headers={"Range": "bytes=0-1,5-6"})
    assert (several.status_code, several.content) == (200, PDF)
    behind = await client.get(url, headers={"Range": f"bytes={len(PDF)}-"})
    assert behind.status_code == 416
    assert behind.headers["content-range"] == f"bytes */{len(PDF)}"
    assert (await client.get(url, headers={"If-None-Match": tag})).status_code == 304


async def test_raw_stays_the_same_when_keywords_change_and_ranges_of_it_are_refused_behind_its_end(
    client: ContractClient,
) -> None:
    message = await client.put(plain())
    url = f"/v1/messages/{message['id']}/raw"
    tag = (await client.get(url)).headers["etag"]
    await client.patch(f"/v1/messages/{message['id']}", json={"keywords": {"$seen": True}})
    assert (await client.get(url, headers={"If-None-Match": tag})).status_code == 304
    assert (await client.get(url, headers={"Range": "bytes=99999-"})).status_code == 416


async def test_headers_of_parts(client: ContractClient) -> None:
    message = await client.put(RICH)
    base = f"/v1/messages/{message['id']}/parts"
    expected = {
        "1.1.1": ("text/plain; charset=iso-8859-1", "attachment"),
        "1.1.2": ("text/html; charset=utf-8", "attachment"),
        "1.2": ("image/png", 'attachment; filename="dot.png"'),
        "2": ("application/pdf", "attachment; filename=\"relat_rio.pdf\"; filename*=UTF-8''relat%C3%B3rio.pdf"),
        "3": ("message/rfc822", 'attachment; filename="message.eml"'),
        "4": ("text/html; charset=utf-8", 'attachment; filename="page.html"'),
        "5": ("application/octet-stream", "attachment"),
    }
    for path, (media_type, disposition) in expected.items():
        for method in ("GET", "HEAD"):
            response = await client.request(method, f"{base}/{path}")
            assert response.headers["content-type"] == media_type, path
            assert response.headers["content-disposition"] == disposition, path
            assert response.headers["content-security-policy"].startswith("sandbox;"), path
            assert response.headers["cache-control"] == "private, no-cache"
            assert int(response.headers["content-length"]) > 0
            assert bool(response.content) is (method == "GET")


async def test_html_is_never_inline_and_pictures_may_be(client: ContractClient) -> None:
    message = await client.put(RICH)
    base = f"/v1/messages/{message['id']}/parts"
    for path, disposition in {
        "1.2": "inline",
        "1.1.1": "inline",
        "4": "attachment",
        "2": "attachment",
        "3": "attachment",
    }.items():
        response = await client.get(f"{base}/{path}?disposition=inline")
        assert response.headers["content-disposition"].partition(";")[0] == disposition, path
        assert response.headers["content-security-policy"].startswith("sandbox;")
    assert (await client.get(f"{base}/1.2?disposition=other")).status_code == 400


@pytest.mark.parametrize("path", ["", "0", "1", "1.1", "9", "1.1.1.1", "01", "1.", "TEXT", "1" * 2000, "3.TEXT", "%00"])
async def test_no_such_part_is_404(client: ContractClient, path: str) -> None:
    message = await client.put(RICH)
    assert (await client.get(f"/v1/messages/{message['id']}/parts/{path}")).status_code == 404


async def test_the_body_of_a_message_without_parts_is_part_1(client: ContractClient) -> None:
    message = await client.put(plain(text="só texto"))
    response = await client.get(f"/v1/messages/{message['id']}/parts/1")
    assert response.content == "só texto\r\n".encode()
    embedded = await client.put(EMBEDDED)
    assert (await client.get(f"/v1/messages/{embedded['id']}/parts/2")).content == b"\x00\x01\x02"


async def test_octets_that_cannot_be_read_are_503_and_never_a_short_success(
    client: ContractClient, service: Service
) -> None:
    raw = plain(text=os.urandom(50_000).hex())
    message = await client.put(raw)
    url = f"/v1/messages/{message['id']}/raw"
    parts = service.store.database["parts"]
    held = await parts.find_one({"size": len(raw) - raw.index(b"\r\n\r\n") - 4})
    assert held is not None
    await parts.delete_one({"_id": held["_id"]})
    try:
        # The header is at hand, so the answer begins; it ends in a cut, not in an end.
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url)
        behind_the_header = await client.get(url, headers={"Range": "bytes=-100"})
        assert behind_the_header.status_code == 503
        assert (await client.get(f"/v1/messages/{message['id']}/parts/1")).status_code == 503
    finally:
        await parts.insert_one(held)
    assert (await client.get(url)).content == raw
