"""One JSON shape for every failure: ours, Jupyter's and tornado's."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from tornado.web import HTTPError

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.errors import MlwsError

__all__ = ["describe"]

# Code and sentence for what is refused before an operation is reached.
_REFUSALS = {
    400: ("invalid_input", "The request was not understood."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this verb."),
    413: ("too_large", "The request is too large."),
    415: ("unsupported_media_type", "The body has a media type that is not taken here."),
}
_INTERNAL = {
    "code": "internal_error",
    "message": "The server failed to answer.",
    "hint": "The log of the Jupyter server says why.",
    "details": {},
}


def describe(error: BaseException | None, status: int) -> tuple[int, bytes]:
    """Status and JSON body that tell of `error`; what is no person's mistake is not told in detail."""
    if isinstance(error, MlwsError):
        return error.status, _encode(error.to_payload())
    if isinstance(error, HTTPError) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return error.status_code, _encode(_refusal(error))
    return status, _encode(_INTERNAL)


def _refusal(error: HTTPError) -> dict[str, Any]:
    code, message = _REFUSALS.get(error.status_code, ("invalid_input", "The request was refused."))
    if error.status_code in (HTTPStatus.FORBIDDEN, HTTPStatus.UNSUPPORTED_MEDIA_TYPE) and error.log_message:
        message = error.log_message % error.args if error.args else error.log_message
    return {"code": code, "message": message, "hint": "", "details": {}}


def _encode(payload: dict[str, Any]) -> bytes:
    # Escaped to ASCII, since a message may quote what is no valid Unicode.
    return json.dumps(to_builtins(payload), separators=(",", ":")).encode()
