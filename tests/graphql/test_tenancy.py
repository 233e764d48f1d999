"""Two accounts with the same mail: no id of one gives the other anything, by any field that takes an id.

The fields are read from the schema, so one added later is covered without a test of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from correio.ids import Kind, new_id
from correio.mail.mailbox_commands import create_mailbox
from schema.build import SCHEMA_FILE
from tests.graphql.conftest import NewUser, User
from tests.graphql.mail import EVERYTHING, append, plain

SCHEMA = build_schema(SCHEMA_FILE.read_text(encoding="utf-8"))


@dataclass
class Ids:
    """Everything of an account that has an id, or one of the same kinds that nobody has."""

    account: str
    mailbox: str
    message: str
    thread: str

    @property
    def every(self) -> list[str]:
        return [
            self.account,
            self.mailbox,
            self.message,
            self.thread,
            *(f"{self.message}.{path}" for path in ("0", "1", "1.1.2", "2", "3", "3.0", "3.2")),
        ]


async def with_mail(user: User) -> Ids:
    mailbox = await create_mailbox(user.account, "Same")
    [appended, _] = await append(user, [EVERYTHING, plain(1)], mailbox=mailbox.id, flags=["$Secret"])
    return Ids(user.account.id, mailbox.id, appended.id, appended.thread)


def unknown() -> Ids:
    return Ids(new_id(Kind.ACCOUNT), new_id(Kind.MAILBOX), new_id(Kind.MESSAGE), new_id(Kind.THREAD))


def takes_id(kind: Any) -> bool:
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return any(
            get_named_type(field.type).name == "ID" or takes_id(field.type)
            for field in named.fields.values()
            if get_named_type(field.type) is not named
        )
    return bool(named.name == "ID")


def value(kind: Any, given: str, own: str, name: str, depth: int = 0) -> Any:
    """A value of a type with the id wherever an id stands; the viewer's own account where that is asked for."""
    if is_non_null_type(kind):
        return value(kind.of_type, given, own, name, depth)
    if is_list_type(kind):
        return [value(kind.of_type, given, own, name, depth)]
    if isinstance(kind, GraphQLInputObjectType):
        chosen: dict[str, GraphQLInputField] = dict(kind.fields)
        if kind.is_one_of:
            chosen = dict(list(kind.fields.items())[:1])
        return {
            field: value(one.type, given, own, field, depth + 1)
            for field, one in chosen.items()
            if depth < 3
            and (is_non_null_type(one.type) or takes_id(one.type) or field == "addKeywords" or kind.is_one_of)
        }
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return {
        "ID": own if name == "accountId" and given[0] != "A" else given,
        "String": "$seen",
        "Int": 1,
        "Boolean": True,
        "State": "9000000000000000000",
        "DateTime": "2000-01-01T00:00:00Z",
    }[kind.name]


def entrances() -> Iterator[tuple[str, str, dict[str, GraphQLArgument]]]:
    """Every field with an argument that holds an id: (operation, path to it, arguments)."""
    for operation, root in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert root is not None
        for name, field in root.fields.items():
            if any(takes_id(argument.type) for argument in field.args.values()):
                yield operation, name, field.args
    account = SCHEMA.type_map["Account"]
    assert isinstance(account, GraphQLObjectType)
    for name, field in account.fields.items():
        if any(takes_id(argument.type) for argument in field.args.values()):
            yield "query", f"account.{name}", field.args


def document(operation: str, path: str, arguments: dict[str, GraphQLArgument]) -> str:
    used = {name: argument for name, argument in arguments.items() if takes_id(argument.type)}
    variables = ", ".join(f"${name}: {argument.type}" for name, argument in used.items())
    call = f"{path.rpartition('.')[2]}({', '.join(f'{name}: ${name}' for name in used)}) {{ __typename }}"
    if path.endswith("messages"):
        call = call.replace("__typename", "totalCount nodes { id }")
    elif operation == "mutation":
        call = call.replace(
            "__typename",
            "__typename ... on Problem { code message path } ... on UpdateMessagesPayload { affected results { __typename } }",
        )
    else:
        call = call.replace("__typename", "__typename id")
    if path.startswith("account."):
        call = f"account {{ {call} }}"
    return f"{operation}({variables}) {{ result: {call} }}"


ENTRANCES = list(entrances())


def test_the_entrances_are_found() -> None:
    assert {path for _, path, _ in ENTRANCES} == {
        "node",
        "nodes",
        "account",
        "updateMessages",
        "destroyMessages",
        "createMailbox",
        "updateMailbox",
        "deleteMailbox",
        "saveDraft",
        "send",
        "cancelSubmission",
        "account.messages",
    }


@pytest.mark.parametrize(("operation", "path", "arguments"), ENTRANCES, ids=[path for _, path, _ in ENTRANCES])
async def test_the_ids_of_another_are_like_ids_of_nobody(
    new_user: NewUser, operation: str, path: str, arguments: dict[str, GraphQLArgument]
) -> None:
    victim, thief = await new_user(), await new_user()
    theirs, nobodys = await with_mail(victim), unknown()
    await with_mail(thief)
    before = victim.account.modseq
    for stolen, absent in zip(theirs.every, nobodys.every, strict=True):
        answers = []
        for given in (stolen, absent):
            variables = {
                name: value(argument.type, given, thief.account.id, name)
                for name, argument in arguments.items()
                if takes_id(argument.type)
            }
            answer = await thief.client.run(document(operation, path, arguments), **variables)
            text = str(answer).replace(given, "ID")
            assert all(secret not in text for secret in theirs.every), text
            answers.append(text)
        assert answers[0] == answers[1]
    await victim.account.refresh()
    assert victim.account.modseq == before
    assert {one.path for one in victim.account.mailboxes} >= {"Same"}


async def test_the_viewer_sees_the_viewer_alone(new_user: NewUser) -> None:
    victim, thief = await new_user(), await new_user()
    await with_mail(victim)
    query = "query($address: String) { viewer { accounts { id } } account(address: $address) { id messages { totalCount } } }"
    data = await thief.client.data(query, address=victim.account.address)
    assert data == {"viewer": {"accounts": [{"id": thief.account.id}]}, "account": None}
    data = await thief.client.data(query, address=thief.account.address.upper())
    assert data["account"] == {"id": thief.account.id, "messages": {"totalCount": 0}}


async def test_a_cursor_of_another_opens_nothing(new_user: NewUser) -> None:
    victim, thief = await new_user(), await new_user()
    await with_mail(victim)
    query = "query($after: String) { account { messages(first: 5, after: $after) { totalCount edges { cursor } } } }"
    edges = (await victim.client.data(query))["account"]["messages"]["edges"]
    data = await thief.client.data(query, after=edges[0]["cursor"])
    assert data["account"]["messages"] == {"totalCount": 0, "edges": []}


async def test_blobs_of_another_are_not_served(new_user: NewUser) -> None:
    victim, thief = await new_user(), await new_user()
    ids = await with_mail(victim)
    data = await victim.client.data(
        "query($id: ID!) { node(id: $id) { ... on Message { raw { url } parts { blob { url } } } } }", id=ids.message
    )
    for blob in (data["node"]["raw"], *(part["blob"] for part in data["node"]["parts"] if part["blob"])):
        response = await thief.client.http.get(blob["url"], headers={"accept": "*/*"})
        assert response.status_code == 404
