"""Who may ask: a bearer token on every request, and nothing a browser would send by itself."""

from __future__ import annotations

import pytest

from tests.graphql.client import GraphQLClient
from tests.graphql.conftest import Service, User

TYPENAME = {"query": "{ __typename }"}


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Basic cDpw", "Bearer nonsense", "Bearer a b", "bearer " + "x" * 10_000],
)
async def test_without_a_good_token_it_is_401(client: GraphQLClient, authorization: str | None) -> None:
    del client.http.headers["authorization"]
    headers = {} if authorization is None else {"authorization": authorization}
    for method, arguments in (("POST", {"json": TYPENAME}), ("GET", {"params": TYPENAME})):
        response = await client.http.request(method, "/graphql", headers=headers, **arguments)  # type: ignore[arg-type]
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        [error] = response.json()["errors"]
        assert error["extensions"]["code"].startswith("authentication")
        assert "data" not in response.json()


async def test_a_cookie_signs_nobody_in(client: GraphQLClient) -> None:
    """So a page of another site, which cannot set Authorization, gains nothing by sending a form here."""
    del client.http.headers["authorization"]
    client.http.cookies.set("token", client.token)
    assert (await client.post(TYPENAME)).status_code == 401


async def test_a_revoked_token_ends(service: Service, user: User) -> None:
    assert (await user.client.post(TYPENAME)).status_code == 200
    [token] = await service.authenticator.list_tokens(user.account)
    await service.authenticator.revoke_token(user.account, token.id)
    assert (await user.client.post(TYPENAME)).status_code == 401
