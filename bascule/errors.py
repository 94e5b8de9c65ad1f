"""The one error that people see: what is wrong, where, and how to mend it."""

from __future__ import annotations


class BasculeError(Exception):
    """A failure that the operator can act on; the command prints it without a traceback and exits.

    `what` says what is wrong, `where` the file and key or the AWS resource, `remedy` what to do about it.
    `exit_code` is 2 for input that a person wrote (site file, arguments) and 1 for everything else.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [self.what]
        if self.where:
            parts.append(f"  where:  {self.where}")
        if self.remedy:
            parts.append(f"  remedy: {self.remedy}")
        return printable("\n".join(parts))


def printable(text: str) -> str:
    """`text` with everything but line breaks that a terminal would act on shown as an escape: it may quote a file."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


class InputError(BasculeError):
    """Something that a person wrote (a site file, an argument, an adopted file) can't be used as it is."""

    exit_code = 2
