"""What the tests of `verify` share: a certificate authority, and a fetcher that trusts it in the standard way."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest
import trustme

from bascule.verify.http import Fetcher


@cache
def authority() -> trustme.CA:
    """A certificate authority that nobody else knows."""
    return trustme.CA()


@cache
def trusting() -> Fetcher:
    """Trusts that authority by SSL_CERT_FILE, which is read when a fetcher is made."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        bundle = Path(folder) / "ca.pem"
        authority().cert_pem.write_to_path(str(bundle))
        patch.setenv("SSL_CERT_FILE", str(bundle))
        return Fetcher()
