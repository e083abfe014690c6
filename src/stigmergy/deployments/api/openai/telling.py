"""Answers over HTTP: told as they come, for as long as somebody is there to hear them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from contextlib import aclosing
from typing import Any, Final, TypeVar, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from stigmergy.deployments.api.openai.answer import Answer
from stigmergy.deployments.api.openai.coming import CALLER_GONE, Coming, Told
from stigmergy.deployments.api.openai.errors import Refusal, defect_of, refusal_of
from stigmergy.deployments.api.openai.forms import Form, comment
from stigmergy.errors import StigmergyError

logger = logging.getLogger(__name__)

_EVENT_STREAM: Final = "text/event-stream; charset=utf-8"
T = TypeVar("T")


class CallerGone(Exception):
    """Nobody waits for the answer any more."""


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to; it is cancelled as soon as the caller goes away.

    Raises:
        CallerGone: he did.
    """
    # Of the two that wait, the work stays in the task that there is: one more for it would cost every request.
    working = cast("asyncio.Task[Any]", asyncio.current_task())
    watching = asyncio.create_task(_stop_when_gone(receive, working))
    try:
        return await work
    except asyncio.CancelledError:
        if _has_stopped(watching) and working.cancelling() == 1:
            raise CallerGone from None
        raise
    finally:
        if _has_stopped(watching):
            working.uncancel()
        watching.cancel()


def _has_stopped(watching: asyncio.Task[None]) -> bool:
    return watching.done() and not watching.cancelled() and watching.exception() is None


async def _stop_when_gone(receive: Receive, working: asyncio.Task[Any]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    working.cancel(CALLER_GONE)


class StreamedAnswer(Response):
    """An answer as server-sent events. Until something is told, what goes wrong is answered with its status."""

    def __init__(self, coming: Coming, form: Form, headers: Mapping[str, str]) -> None:
        self._coming, self._form = coming, form
        self._begun = self._heard = False
        super().__init__(None, 200, {**headers, "cache-control": "no-cache", "content-type": _EVENT_STREAM})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell the answer, or stop what makes it when nobody is there any more."""
        try:
            await while_connected(receive, self._tell(send))
        except CallerGone:
            logger.info("the caller of %s went away", scope.get("path"))
        finally:
            await self._coming.aclose()

    async def _tell(self, send: Send) -> None:
        try:
            async with aclosing(self._coming.batches()) as batches:
                async for told in batches:
                    await self._send(send, b"".join(map(self._written, told)))
            await self._send(send, self._ending(await self._coming.answer()))
        except StigmergyError as error:
            await self._fail(send, refusal_of(error))
        except Exception as error:
            logger.exception("a defect while an answer was told")
            await self._fail(send, defect_of(error))
        else:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _ending(self, answer: Answer) -> bytes:
        """What is still to be told when the answer is there: all of it where nothing could be told before."""
        if self._heard:
            return self._form.end(answer)
        told = self._piece(answer.text) if answer.text else self._form.begin()
        return told + self._form.end(answer)

    def _written(self, told: Told) -> bytes:
        return self._piece(told) if isinstance(told, str) else comment(told)

    def _piece(self, text: str) -> bytes:
        begun = b"" if self._heard else self._form.begin()
        self._heard = True
        return begun + self._form.piece(text)

    async def _send(self, send: Send, text: bytes) -> None:
        if not text:
            return
        await self._start(send)
        await send({"type": "http.response.body", "body": text, "more_body": True})

    async def _start(self, send: Send) -> None:
        if not self._begun:
            self._begun = True
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    async def _fail(self, send: Send, refusal: Refusal) -> None:
        body = self._form.broken(refusal.document) if self._begun else refusal.body()
        if not self._begun:
            self.status_code = refusal.status
            self.headers.update({**refusal.headers, "content-type": "application/json"})
        await self._start(send)
        await send({"type": "http.response.body", "body": body, "more_body": False})
