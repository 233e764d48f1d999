"""Administration: domains and accounts. Passwords come as what is stored of them; that is ``correio.auth``'s."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from correio.errors import AlreadyExistsError, ForbiddenError, InvalidInputError, NotFoundError
from correio.ids import Kind, new_id
from correio.mail.account import Account
from correio.mail.addresses import normalise_address, normalise_domain
from correio.mail.mailbox_tree import INBOX
from correio.mail.message_store import MessageStore
from correio.store import accounts as account_documents
from correio.store import domains as domain_documents
from correio.store.addresses import find_addresses, list_addresses
from correio.store.documents import AccountDocument, DomainDocument, MailboxDocument
from correio.store.tokens import delete_tokens

FIRST_MAILBOXES: Final = (
    (INBOX, "inbox"),
    ("Drafts", "drafts"),
    ("Sent", "sent"),
    ("Junk", "junk"),
    ("Trash", "trash"),
    ("Archive", "archive"),
)
"""The name and role of every mailbox a new account has (RFC 6154)."""


async def add_domain(store: MessageStore, name: str, *, alias_of: str = "") -> DomainDocument:
    """Take mail for a domain. With ``alias_of`` each address in it stands for the one in that domain, of ours too.

    Raises InvalidInputError, NotFoundError (``alias_of``), AlreadyExistsError, UnavailableError.
    """
    domain = DomainDocument(id=normalise_domain(name), created=store.now())
    if alias_of:
        other = await domain_documents.find_domain(store.database, normalise_domain(alias_of))
        if other is None:
            raise NotFoundError(f"{alias_of} is not a domain of this server; add it first.")
        if other.alias_of or other.id == domain.id:
            raise InvalidInputError(
                f"{other.id} stands for {other.alias_of or 'itself'}; name that domain.", "alias_of"
            )
        domain.alias_of = other.id
    await domain_documents.insert_domain(store.database, domain)
    store.routes.clear()
    return domain


async def remove_domain(store: MessageStore, name: str) -> str:
    """Take no more mail for a domain. Returns its normalised name.

    Raises InvalidInputError, NotFoundError, ForbiddenError while anything has an address in it or stands for it.
    """
    domain = normalise_domain(name)
    accounts = await account_documents.count_accounts(store.database, domain)
    aliases = [one.id for one in await list_addresses(store.database) if one.id.endswith(f"@{domain}")]
    others = [one.id for one in await list_domains(store) if one.alias_of == domain]
    for count, what in ((accounts, "accounts"), (len(aliases), "aliases"), (len(others), "domains that stand for it")):
        if count:
            raise ForbiddenError(f"{domain} still has {what} ({count}); remove them first.")
    if not await domain_documents.delete_domain(store.database, domain):
        raise NotFoundError(f"{domain} is not a domain of this server.")
    store.routes.clear()
    return domain


async def list_domains(store: MessageStore) -> list[DomainDocument]:
    """Return every domain, by name."""
    return await domain_documents.list_domains(store.database)


async def add_user(
    store: MessageStore, address: str, password_hash: str, *, scram: str = "", name: str = "", quota: int = 0
) -> AccountDocument:
    """Make an account with its first mailboxes. ``quota`` in octets, 0: the default.

    ``scram`` has the SCRAM credentials of the same password; without them they come when it is first used.

    Raises InvalidInputError (address; a domain that is not ours), AlreadyExistsError, UnavailableError.
    """
    normal = normalise_address(address)
    await require_own_domain(store, normal)
    if await find_addresses(store.database, [normal]):
        raise AlreadyExistsError(f"{normal} is an alias; remove that first.")
    now = store.now()
    account = AccountDocument(
        id=new_id(Kind.ACCOUNT),
        address=normal,
        name=name,
        password=password_hash,
        scram=scram,
        quota=quota,
        created=now,
        # RFC 9051 section 2.3.1.1: after DELETE and RENAME one mailbox may have the name of another, never its UIDs' time.
        uidvalidity=now + len(FIRST_MAILBOXES) - 1,
    )
    mailboxes = [
        MailboxDocument(
            id=new_id(Kind.MAILBOX),
            account=account.id,
            parent=None,
            name=mailbox,
            role=role,
            uidvalidity=now + order,
            modseq=account.modseq,
            created=account.modseq,
            sort_order=order,
        )
        for order, (mailbox, role) in enumerate(FIRST_MAILBOXES)
    ]
    await account_documents.insert_account(store.database, account, mailboxes)
    store.routes.clear()
    return account


async def require_own_domain(store: MessageStore, address: str) -> None:
    """Raise InvalidInputError unless the domain of a normalised address is ours and has addresses of its own."""
    name = address.rpartition("@")[2]
    domain = await domain_documents.find_domain(store.database, name)
    if domain is None:
        raise InvalidInputError(f"{name} is not a domain of this server; add it first.", "address")
    if domain.alias_of:
        raise InvalidInputError(f"{name} stands for {domain.alias_of} and has no addresses of its own.", "address")


async def list_users(store: MessageStore) -> list[AccountDocument]:
    """Return every account, by address."""
    return await account_documents.list_accounts(store.database)


async def find_user(store: MessageStore, address: str) -> AccountDocument:
    """Return an account by address, disabled or not. Raises InvalidInputError, NotFoundError."""
    found = await store.account_document(normalise_address(address))
    if found is None:
        raise NotFoundError(f"There is no account {address}.")
    return found


async def set_password(store: MessageStore, address: str, password_hash: str, *, scram: str = "") -> AccountDocument:
    """Give an account another password and end its tokens. Raises InvalidInputError, NotFoundError.

    ``scram`` has the SCRAM credentials of the same password; without them they come when it is first used.
    """
    user = await find_user(store, address)
    await account_documents.store_password(store.database, user.id, password_hash, scram)
    await delete_tokens(store.database, user.id)
    return user


async def disable_user(store: MessageStore, address: str, *, disabled: bool = True) -> AccountDocument:
    """Close an account to everybody, mail included, or open it again. Raises InvalidInputError, NotFoundError."""
    user = await find_user(store, address)
    changed = await account_documents.update_account(store.database, user.id, disabled=disabled)
    store.forget(user.id)
    if changed is None:
        raise NotFoundError(f"There is no account {address}.")
    return changed


async def set_quota(
    store: MessageStore, address: str, *, octets: int | None = None, messages: int | None = None
) -> AccountDocument:
    """Say what an account may hold; None leaves a bound as it is, 0 is the default's, a negative number is no bound.

    What it holds already stays. Raises InvalidInputError, NotFoundError.
    """
    user = await find_user(store, address)
    changed = await account_documents.update_account(store.database, user.id, quota=octets, message_quota=messages)
    if changed is None:
        raise NotFoundError(f"There is no account {address}.")
    return changed


async def account_room(store: MessageStore, address: str) -> Account:
    """Return an account, disabled or not, to read what it holds and may hold. Raises InvalidInputError, NotFoundError."""
    return Account(store, await find_user(store, address), ())


async def switch_capabilities(
    store: MessageStore, address: str, *, off: Iterable[str] = (), on: Iterable[str] = ()
) -> AccountDocument:
    """Switch IMAP capabilities, named in upper case, off or on again for an account, from its next sign-in.

    Raises InvalidInputError (address), NotFoundError.
    """
    user = await find_user(store, address)
    switched = sorted((set(user.capabilities_off) | set(off)) - set(on))
    if switched == sorted(user.capabilities_off):
        return user
    changed = await account_documents.update_account(store.database, user.id, capabilities_off=switched)
    if changed is None:
        raise NotFoundError(f"There is no account {address}.")
    return changed


async def remove_user(store: MessageStore, address: str) -> AccountDocument:
    """Remove an account with all its mail, for good. Raises InvalidInputError, NotFoundError."""
    user = await find_user(store, address)
    await account_documents.delete_account(store.database, user.id)
    store.forget(user.id)
    return user
