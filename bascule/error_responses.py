"""Custom error responses of a distribution: what S3-era ones do to an application behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MASKED_CODES = (403, 404)
"""What S3 answers for a missing object, and so what S3-era error pages catch."""


def masks(error_response: Mapping[str, Any]) -> bool:
    """Whether a custom error response would hide what the application answers: it puts a page of the old site in the
    place of a 403 or 404, or turns any error into a success. In Terraform's vocabulary.
    """
    code = error_response.get("response_code") or error_response["error_code"]
    paged = bool(error_response.get("response_page_path"))
    return paged and (error_response["error_code"] in MASKED_CODES or code < 400)
