"""Turns whatever is raised below into a problem document, and lets no traceback out."""

from __future__ import annotations

import asyncio
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.rest.problems import ProblemError, problem_of, problem_response
from correio.errors import MailError, UnavailableError

_log = logging.getLogger("correio.http")


class Failures:
    """MailErrors and ProblemErrors become their document; anything else is logged whole and answered 500 without its text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application. After the response has begun, a failure can only cut it off."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except ProblemError as error:
            problem = error
        except MailError as error:
            if isinstance(error, UnavailableError):
                _log.warning("unavailable: %s", error.message, extra={"request_id": scope["state"]["request_id"]})
            problem = problem_of(error)
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - the last resort, and it logs
            _log.exception("request failed", extra={"request_id": scope["state"]["request_id"]})
            problem = ProblemError(
                500, "internal", "Something went wrong here. It has been logged under the request id."
            )
        else:
            return
        if started:
            # Returning without the end of the body makes the server close the connection: the client sees a cut, not an end.
            return
        await problem_response(problem, scope["state"]["request_id"])(scope, receive, send)
