"""What a bucket of the sandbox answers to CloudFront: its REST endpoint, or its website endpoint.

Sources: S3 API reference, GetObject (a missing object is 403 to whoever may not list the bucket); S3 user guide,
"Website endpoints" and "Configuring an index document" (a folder leads to its index document, a missing slash is
added by a redirect), "Configuring a custom error document".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from moto.iam.access_control import PermissionResult
from moto.s3.models import s3_backends

from bascule import aws
from bascule.sandbox.edge import pages
from bascule.sandbox.edge.messages import Answer, passed_on

READ_BY = ("range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since")
"""Headers of a request that S3 looks at, in lower case."""

ANSWERED = (
    "ETag",
    "Last-Modified",
    "Content-Type",
    "Cache-Control",
    "Content-Encoding",
    "Content-Disposition",
    "Content-Language",
    "Content-Range",
    "Content-Length",
    "Accept-Ranges",
    "Expires",
    "Date",
    "x-amz-website-redirect-location",
)
"""Headers that S3 answers and that moto has, too."""

Get = Callable[[str, str, Iterable[tuple[str, str]]], tuple[int, dict[str, str], bytes]]
"""Asks moto's S3 for a path with a method and headers, anonymously: status, headers, body."""


@dataclass(frozen=True)
class Bucket:
    """A bucket as CloudFront reads it."""

    account: str
    name: str
    signed: bool
    """Whether CloudFront signs its requests (origin access control or identity); then the policy isn't looked at."""
    get: Get

    def rest(self, method: str, path: str, headers: Iterable[tuple[str, str]]) -> Answer:
        """The REST endpoint's answer."""
        found = self._held()
        if found is None:
            return pages.s3_error("NoSuchBucket")
        if method not in ("GET", "HEAD"):
            return pages.s3_error("AccessDenied" if method != "OPTIONS" else "MethodNotAllowed")
        key = unquote(path).removeprefix("/")
        refusal = self._refusal(found, key)
        return pages.s3_error(refusal) if refusal else self._object(method, key, headers)

    def website(self, method: str, path: str, headers: Iterable[tuple[str, str]]) -> Answer:
        """The website endpoint's answer."""
        found = self._held()
        if found is None:
            return pages.s3_website_error("NoSuchBucket")
        settings = found.website_configuration
        if not settings:
            return pages.s3_website_error("NoSuchWebsiteConfiguration")
        if method not in ("GET", "HEAD"):
            return pages.s3_website_error("MethodNotAllowed")
        index, error = (_setting(settings, name) for name in ("Suffix", "Key"))
        key = unquote(path).removeprefix("/")
        key = f"{key}{index}" if not key or key.endswith("/") else key
        refusal = self._refusal(found, key)
        if refusal is None:
            return self._object(method, key, headers)
        if f"{key}/{index}" in self._keys():
            return pages.s3s(Answer(302, (("Location", quote(f"/{key}/")), ("Content-Length", "0"))))
        plain = pages.s3_website_error(refusal)
        if error and self._refusal(found, error) is None:
            document = self._object(method, error, ())
            return Answer(plain.status, document.headers, document.body)
        return plain

    def _held(self) -> Any:
        return s3_backends[self.account]["aws"].buckets.get(self.name)

    def _keys(self) -> Any:
        return self._held().keys

    def _refusal(self, found: Any, key: str) -> str | None:
        held = found.keys.get(key)
        readable = self.signed or found.get_permission("s3:GetObject", f"arn:aws:s3:::{self.name}/{key}") is (
            PermissionResult.PERMITTED
        )
        if held is not None and not readable:
            readable = bool(held.acl and held.acl.public_read)
        if held is None or not key:
            listed = found.get_permission("s3:ListBucket", f"arn:aws:s3:::{self.name}")
            return "NoSuchKey" if listed is PermissionResult.PERMITTED else "AccessDenied"
        return None if readable else "AccessDenied"

    def _object(self, method: str, key: str, headers: Iterable[tuple[str, str]]) -> Answer:
        sent = [(name, value) for name, value in headers if name.lower() in READ_BY]
        status, answered, body = self.get(method, f"/{self.name}/{quote(key)}", sent)
        told = {name.lower(): (name, value) for name, value in passed_on(answered)}
        kept = tuple((name, told[name.lower()][1]) for name in ANSWERED if name.lower() in told)
        return pages.s3s(Answer(status, kept, (body,) if body else ()))


def _setting(website: Any, name: str) -> str:
    """A setting of a WebsiteConfiguration, which moto keeps as it was sent."""
    root = ElementTree.fromstring(website)
    return next((one.text or "" for one in root.iter() if one.tag.rpartition("}")[2] == name), "")


def client_get(client: aws.Client) -> Get:
    """Asks through a client of the sandbox's own, which may read everything."""
    from botocore.exceptions import ClientError

    def get(method: str, path: str, headers: Iterable[tuple[str, str]]) -> tuple[int, dict[str, str], bytes]:
        _, bucket, key = path.split("/", 2)
        names = {"range": "Range", "if-none-match": "IfNoneMatch", "if-match": "IfMatch"}
        names |= {"if-modified-since": "IfModifiedSince", "if-unmodified-since": "IfUnmodifiedSince"}
        asked = {names[name.lower()]: value for name, value in headers if name.lower() in names}
        try:
            call = client.get_object if method == "GET" else client.head_object
            answer = call(Bucket=bucket, Key=unquote(key), **asked)
        except ClientError as error:
            said = error.response["ResponseMetadata"]
            return int(said["HTTPStatusCode"]), dict(said["HTTPHeaders"]), b""
        said = answer["ResponseMetadata"]
        body = answer["Body"].read() if method == "GET" else b""
        return int(said["HTTPStatusCode"]), dict(said["HTTPHeaders"]), body

    return get
