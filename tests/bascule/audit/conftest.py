"""One sandbox of the audited account, surveyed once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import audited
import pytest

from bascule import demo, site_file
from bascule.audit.document import Audit
from bascule.sandbox import control


@pytest.fixture(scope="session")
def arquantix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    """The audit of the account that the first audit, by hand, was of."""
    root = tmp_path_factory.mktemp("audited")
    running = control.start(root, owner_pid=os.getpid())
    site = site_file.load(demo.SITE_FILE)
    yield audited.audit(audited.survey_of(running, site), site, demo.SITE)
    control.stop(root)
