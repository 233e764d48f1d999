"""What each test is, for one message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from correio.sieve import tree
from correio.sieve.actions import Sighting
from correio.sieve.address_part import address_part, split_path
from correio.sieve.comparator import Value
from correio.sieve.dates import DATE_PARTS, header_date, read_zone, zoned
from correio.sieve.errors import SieveRuntimeError
from correio.sieve.execution import Execution
from correio.sieve.flag_list import read_flags
from correio.sieve.match import match_count
from correio.sieve.read_tests import is_address_field, is_envelope_part
from correio.sieve.special_use import is_special_use
from correio.sieve.template import Template


def run_test(run: Execution, test: tree.Test) -> bool:
    """Return the result of a test. Raises SieveRuntimeError."""
    run.spend(1)
    return _RUN[type(test)](run, test)


def _not(run: Execution, test: tree.Not) -> bool:
    return not run_test(run, test.test)


def _allof(run: Execution, test: tree.AllOf) -> bool:
    return all(run_test(run, one) for one in test.tests)


def _anyof(run: Execution, test: tree.AnyOf) -> bool:
    return any(run_test(run, one) for one in test.tests)


def _exists(run: Execution, test: tree.Exists) -> bool:
    return all(run.message.has(name) for name in run.texts(test.names))


def _size(run: Execution, test: tree.Size) -> bool:
    return run.message.size > test.limit if test.over else run.message.size < test.limit


def _at(fields: list[Any], index: tree.Index | None) -> list[Any]:
    """The one of all named fields that ``:index`` means."""
    if index is None:
        return fields
    if index.number > len(fields):
        return []
    return [fields[-index.number] if index.last else fields[index.number - 1]]


def _header(run: Execution, test: tree.HeaderTest) -> bool:
    values: list[Value] = []
    for name in run.texts(test.names):
        values += run.message.decoded(name)
    values = _at(values, test.index)
    if test.match.counts:
        return match_count(test.match, len(values), run.texts(test.keys))
    return run.matches(test.match, values, test.keys)


def _address(run: Execution, test: tree.AddressTest) -> bool:
    fields: list[list[Any]] = []
    for name in run.texts(test.names):
        if not is_address_field(name):
            raise SieveRuntimeError(f'"{name[:80]}" is no field that holds addresses.')
        fields += run.message.addresses(name)
    addresses = [address for field in _at(fields, test.index) for address in field]
    # Counting them is no comparison and yet takes its time.
    run.spend(len(addresses) >> 6)
    if test.match.counts:
        return match_count(test.match, len(addresses), run.texts(test.keys))
    parts = (address_part(test.part, one.local, one.domain) for one in addresses)
    return run.matches(test.match, [part for part in parts if part is not None], test.keys)


def _envelope(run: Execution, test: tree.EnvelopeTest) -> bool:
    values: list[Value] = []
    count = 0
    for name in run.texts(test.parts):
        if not is_envelope_part(name):
            raise SieveRuntimeError(f'The envelope has no part "{name[:80]}".')
        path = run.environment.sender if name.lower() == "from" else run.environment.recipient
        if not path:
            # RFC 5228 section 5.4: the null sender is the empty string whatever part is asked for.
            values.append("")
            continue
        count += 1
        part = address_part(test.part, *split_path(path))
        if part is not None:
            values.append(part)
    if test.match.counts:
        return match_count(test.match, count, run.texts(test.keys))
    return run.matches(test.match, values, test.keys)


def _body(run: Execution, test: tree.BodyTest) -> bool:
    body = run.message.body
    values: list[Value] | tuple[Value, ...]
    if test.transform == "raw":
        values = body.raw()
    elif test.transform == "content":
        values = body.contents(run.texts(test.types))
    else:
        values = body.texts()
    if test.match.counts:
        return match_count(test.match, len(values), run.texts(test.keys))
    # RFC 5173 section 6: the wildcards of a body set no variables.
    return run.matches(test.match, values, test.keys, capture=False)


def _string(run: Execution, test: tree.StringTest) -> bool:
    values = run.texts(test.sources)
    if test.match.counts:
        return match_count(test.match, sum(bool(value) for value in values), run.texts(test.keys))
    return run.matches(test.match, values, test.keys)


def _hasflag(run: Execution, test: tree.HasFlag) -> bool:
    if test.variables:
        lists = [read_flags([run.variables.get(name.lower(), "")]) for name in run.texts(test.variables)]
    else:
        lists = [run.flags]
    if test.match.counts:
        return match_count(test.match, sum(map(len, lists)), run.texts(test.keys))
    keys: list[Template] = []
    for key in run.texts(test.keys):
        keys += [Template(word) for word in key.split()]
    return run.matches(test.match, [flag for flags in lists for flag in flags], keys)


def _date(run: Execution, test: tree.DateTest) -> bool:
    part = DATE_PARTS.get(run.text(test.part).lower())
    if part is None:
        raise SieveRuntimeError(f'A date has no part "{run.text(test.part)[:80]}".')
    when = _moment(run, test)
    if test.match.counts:
        return match_count(test.match, int(when is not None), run.texts(test.keys))
    return when is not None and run.matches(test.match, [part(when)], test.keys)


def _moment(run: Execution, test: tree.DateTest) -> datetime | None:
    if test.header is None:
        seconds, written = run.environment.now, 0
    else:
        fields = _at(run.message.unfolded(run.text(test.header)), test.index)
        found = header_date(fields[0]) if fields else None
        if found is None:
            return None
        seconds, written = found
    if test.original_zone:
        return zoned(seconds, written)
    if test.zone is None:
        return zoned(seconds, run.environment.local_zone(seconds))
    zone = read_zone(run.text(test.zone))
    if zone is None:
        raise SieveRuntimeError(f'"{run.text(test.zone)[:80]}" is no zone.')
    return zoned(seconds, zone)


def _mailboxexists(run: Execution, test: tree.MailboxExists) -> bool:
    return all(run.environment.mailbox_exists(name) for name in run.texts(test.names))


def _specialuse_exists(run: Execution, test: tree.SpecialUseExists) -> bool:
    mailbox = run.text(test.mailbox) if test.mailbox is not None else None
    if mailbox is not None and not run.environment.mailbox_exists(mailbox):
        return False
    return all(is_special_use(use) and run.environment.special_use_exists(use, mailbox) for use in run.texts(test.uses))


def _duplicate(run: Execution, test: tree.Duplicate) -> bool:
    if test.unique_id is not None:
        value = run.text(test.unique_id)
    else:
        found = run.message.decoded(run.text(test.header) if test.header is not None else "message-id")
        if not found:
            return False
        value = found[0]
    if test.seconds == 0:
        return False
    handle = run.text(test.handle) if test.handle is not None else ""
    name = f"{len(handle)}:{handle}{value}"
    if name not in run.sightings and len(run.sightings) >= run.limits.duplicates:
        raise SieveRuntimeError(f"The script tests more than {run.limits.duplicates} ids for duplicates.")
    run.sightings[name] = Sighting(name, test.seconds, test.last)
    if name not in run.environment.seen:
        run.unknown[name] = None
    return run.environment.seen.get(name, False)


_RUN: Final[dict[type, Callable[[Execution, Any], bool]]] = {
    tree.Constant: lambda _, test: bool(test.value),
    tree.Not: _not,
    tree.AllOf: _allof,
    tree.AnyOf: _anyof,
    tree.Exists: _exists,
    tree.Size: _size,
    tree.HeaderTest: _header,
    tree.AddressTest: _address,
    tree.EnvelopeTest: _envelope,
    tree.BodyTest: _body,
    tree.StringTest: _string,
    tree.HasFlag: _hasflag,
    tree.DateTest: _date,
    tree.MailboxExists: _mailboxexists,
    tree.SpecialUseExists: _specialuse_exists,
    tree.Duplicate: _duplicate,
}
