"""How things can be shown. By itself, because the command line needs the words and nothing behind them."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How a review can be shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


class AuditFormat(StrEnum):
    """How an audit can be shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


class PlainFormat(StrEnum):
    """How checks, rows and a journal can be shown."""

    TEXT = "text"
    JSON = "json"


class Via(StrEnum):
    """By which way `bascule verify` reaches the site."""

    CLOUDFRONT = "cloudfront"
    DNS = "dns"


class PolicyKind(StrEnum):
    """Who a policy is for."""

    AUDIT = "audit"
    PLAN = "plan"
    APPLY = "apply"
    DENY = "deny"


class Language(StrEnum):
    """A language that audits are written in."""

    EN = "en"
    FR = "fr"


class Expect(StrEnum):
    """Who is expected to answer visitors: the bucket before `serve` and after a rollback, else the application."""

    BUCKET = "bucket"
    APPLICATION = "application"

    @property
    def who(self) -> str:
        """In a sentence."""
        return f"the {self.value}"
