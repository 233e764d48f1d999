"""What each command does: one handler a command, found by the class of its arguments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from protocols.imap.commands.append import append
from protocols.imap.commands.compressing import compress
from protocols.imap.commands.connection import capability, enable, identify, idle, logout, noop, start_tls
from protocols.imap.commands.copying import copy, move
from protocols.imap.commands.expunging import close, expunge, unselect
from protocols.imap.commands.fetching import fetch
from protocols.imap.commands.listing import list_mailboxes, lsub, namespace
from protocols.imap.commands.mailboxes import create, delete, rename, subscribe, unsubscribe
from protocols.imap.commands.metadata import get_metadata, set_metadata
from protocols.imap.commands.notifying import notify
from protocols.imap.commands.quota import get_quota, get_quota_root
from protocols.imap.commands.replacing import replace
from protocols.imap.commands.searching import search
from protocols.imap.commands.selecting import examine, select
from protocols.imap.commands.signing_in import authenticate, login
from protocols.imap.commands.sorting import sort, thread
from protocols.imap.commands.status import status
from protocols.imap.commands.storing import store
from protocols.imap.core.commands import append as append_arguments
from protocols.imap.core.commands import connection, mailboxes, messages, metadata, quota, sorting
from protocols.imap.core.commands import notify as notify_arguments
from protocols.imap.core.commands.arguments import Arguments
from protocols.imap.core.responses import Completion

HANDLERS: Final[dict[type[Arguments], Callable[..., Awaitable[Completion | None]]]] = {
    connection.Capability: capability,
    connection.Noop: noop,
    connection.Logout: logout,
    connection.StartTls: start_tls,
    connection.Idle: idle,
    connection.Compress: compress,
    notify_arguments.Notify: notify,
    connection.Id: identify,
    connection.Enable: enable,
    connection.Login: login,
    connection.Authenticate: authenticate,
    mailboxes.Select: select,
    mailboxes.Examine: examine,
    mailboxes.Create: create,
    mailboxes.Delete: delete,
    mailboxes.Rename: rename,
    mailboxes.Subscribe: subscribe,
    mailboxes.Unsubscribe: unsubscribe,
    mailboxes.Namespace: namespace,
    mailboxes.Status: status,
    mailboxes.List: list_mailboxes,
    mailboxes.Lsub: lsub,
    metadata.GetMetadata: get_metadata,
    metadata.SetMetadata: set_metadata,
    quota.GetQuota: get_quota,
    quota.GetQuotaRoot: get_quota_root,
    append_arguments.Append: append,
    append_arguments.Replace: replace,
    messages.Check: noop,
    messages.Close: close,
    messages.Unselect: unselect,
    messages.Expunge: expunge,
    messages.Search: search,
    sorting.Sort: sort,
    sorting.Thread: thread,
    messages.Fetch: fetch,
    messages.Store: store,
    messages.Copy: copy,
    messages.Move: move,
}
