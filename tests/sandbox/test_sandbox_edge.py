"""What visitors get of the sandbox's edge, asked over HTTP and HTTPS as `bascule verify` asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpcore2
import pytest
from moved import CLUSTER, DOMAIN, ID, PORT, SERVICE, WWW, Site

from bascule.sandbox import application, control
from bascule.verify.requests import NOT_ALLOWED

HTML = "text/html; charset=utf-8"
ASSET = application.MAIN


@pytest.fixture
def serving(site: Site) -> Site:
    """The site at `serve`."""
    site.put(site.serving())
    site.invalidate("/*")
    return site


def test_the_bucket_answers_what_was_adopted(site: Site) -> None:
    """The default root object, signed by S3 and by CloudFront."""
    page = site.get()
    assert (200, "AmazonS3", HTML) == (page.status, page.header("server"), page.header("content-type"))
    assert "Coming soon" in page.text
    assert page.header("x-amz-request-id")
    assert page.header("x-amz-cf-id")
    assert page.header("via").endswith("(CloudFront)")


def test_what_the_bucket_has_not_is_s3s_403(site: Site) -> None:
    """Whoever may not list a bucket isn't told that an object is missing."""
    page = site.get("/nothing/here")
    assert (403, "AmazonS3", "Error from cloudfront") == (page.status, page.header("server"), page.header("x-cache"))
    assert "<Code>AccessDenied</Code>" in page.text


def test_http_leads_to_https(site: Site) -> None:
    """With path and query, by CloudFront itself."""
    answer = site.get("/a%20b?c=d", scheme="http")
    assert (301, f"https://{WWW}/a%20b?c=d") == (answer.status, answer.header("location"))
    assert ("CloudFront", "Redirect from cloudfront") == (answer.header("server"), answer.header("x-cache"))


def test_a_method_that_the_behavior_does_not_take_is_refused_in_cloudfronts_words(site: Site) -> None:
    """By which `verify` knows who refuses."""
    answer = site.get(method="POST", body=b"x")
    assert (403, "CloudFront") == (answer.status, answer.header("server"))
    assert NOT_ALLOWED in answer.text


def test_a_name_that_no_distribution_has_is_refused(site: Site) -> None:
    """Under the certificate that CloudFront shows everybody."""
    answer = site.get(host="nobody.cloudfront.net")
    assert (403, "CloudFront") == (answer.status, answer.header("server"))


def test_the_distributions_own_name_leads_there_too(site: Site) -> None:
    """With CloudFront's own certificate, and the aliases with theirs."""
    own, alias = site.get(host=DOMAIN), site.get()
    assert "Coming soon" in own.text
    assert own.certificate is not None
    assert ("*.cloudfront.net",) == own.certificate.names
    assert alias.certificate is not None
    assert (WWW, "arquantix.com") == alias.certificate.names
    assert "2027-02-03" == f"{alias.certificate.not_after:%Y-%m-%d}"


def test_http2_is_spoken_where_the_distribution_does(site: Site) -> None:
    """Whoever doesn't offer it gets HTTP/1.1."""
    assert ("HTTP/2", "HTTP/1.1") == (site.get(http2=True).http_version, site.get().http_version)
    site.put(site.adopted | {"HttpVersion": "http1.1"})
    assert "HTTP/1.1" == site.get(http2=True).http_version


def test_at_connect_the_probe_reaches_the_application_and_visitors_the_bucket(site: Site) -> None:
    """That is what the rung is for."""
    site.put(site.connected())
    assert "Coming soon" in site.get().text
    probe = site.get("/api/health")
    assert (200, "Next.js") == (probe.status, probe.header("x-powered-by"))


def test_at_serve_the_application_answers(serving: Site) -> None:
    """Chunk by chunk, with its own headers."""
    page = serving.get()
    assert (200, "Next.js", HTML) == (page.status, page.header("x-powered-by"), page.header("content-type"))
    assert "self.__next_f" in page.text
    assert "visited=1" in page.header("set-cookie")
    assert "Miss from cloudfront" == page.header("x-cache")


def test_a_path_that_is_not_there_is_the_applications_404(serving: Site) -> None:
    """Not S3's, and no page of CloudFront's in its place."""
    page = serving.get("/not/here")
    assert (404, "Next.js") == (page.status, page.header("x-powered-by"))
    assert "This page could not be found" in page.text


def test_rsc_and_html_of_one_url_are_not_mixed(serving: Site) -> None:
    """They differ by a header that isn't in any cache key, so neither may be kept."""
    kinds = [serving.get("/?_rsc=1abc", headers=headers).media_type for headers in ((), (("rsc", "1"),), ())]
    assert ["text/html", "text/x-component", "text/html"] == kinds


def test_queries_cookies_and_host_arrive(serving: Site) -> None:
    """And the secret header, which no visitor can send."""
    headers = (("cookie", "a=1; b=2"), ("x-origin-verify", "guess"))
    told = serving.get("/api/echo?x=%2F&y", headers=headers)
    assert '"query": "x=%2F&y"' in told.text
    assert '"cookies": "a=1; b=2"' in told.text
    assert f'"Host": "{WWW}"' in told.text
    assert serving.secret in told.text
    assert "guess" not in told.text


def test_a_post_arrives_with_its_body(serving: Site) -> None:
    """Over both protocols."""
    for http2 in (False, True):
        answer = serving.get("/api/echo", method="POST", body=b"x" * 100_000, http2=http2)
        assert '"received": 100000' in answer.text


def test_head_has_no_body(serving: Site) -> None:
    """From the origin as from the cache."""
    for _ in range(2):
        answer = serving.get(ASSET, method="HEAD")
        assert (200, b"") == (answer.status, answer.body)
        serving.get(ASSET)


def test_the_first_chunk_comes_before_the_last_is_sent(serving: Site) -> None:
    """Server-sent events, of which the second never comes: whoever waited for the whole would wait for ever."""
    host, port = serving.running.edge.http
    config = serving.serving()
    config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "allow-all"
    serving.put(config)
    url = f"http://{host}:{port}/api/events"
    with httpcore2.ConnectionPool() as pool, pool.stream("GET", url, headers={"host": WWW}) as answer:
        assert b"data: first\n\n" == next(iter(answer.iter_stream()))


def test_a_shut_security_group_is_cloudfronts_504(serving: Site) -> None:
    """After no wait: nobody has to see how long a connection can take."""
    group, edges = serving.built["alb_group"], serving.built["edges"]
    serving.shut(group, 80, edges)
    try:
        answer = serving.get("/?shut")
    finally:
        serving.reopen(group, 80, edges)
    assert (504, "CloudFront") == (answer.status, answer.header("server"))


def test_tasks_that_the_alb_may_not_reach_are_its_504(serving: Site) -> None:
    """It says so itself."""
    group, source = serving.built["task_group"], {"UserIdGroupPairs": [{"GroupId": serving.built["alb_group"]}]}
    serving.shut(group, PORT, source)
    try:
        answer = serving.get("/?shut")
    finally:
        serving.reopen(group, PORT, source)
    assert (504, "awselb/2.0") == (answer.status, answer.header("server"))


def test_a_wrong_secret_is_the_listeners_403(serving: Site) -> None:
    """Its fixed response, in its own words."""
    config = serving.serving()
    config["Origins"]["Items"][1]["CustomHeaders"]["Items"][0]["HeaderValue"] = "0" * 64
    serving.put(config)
    answer = serving.get("/?wrong")
    assert (403, "awselb/2.0", "Forbidden") == (answer.status, answer.header("server"), answer.text)


def test_a_service_that_is_not_healthy_is_the_albs_502(serving: Site) -> None:
    """If no target is healthy, the ALB asks all the same; the application refuses."""
    control.configure(serving.running, unhealthy=[SERVICE])
    answer = serving.get("/?unhealthy")
    assert (502, "awselb/2.0") == (answer.status, answer.header("server"))


def test_a_target_group_without_targets_is_the_albs_503(serving: Site) -> None:
    """A listener rule that leads to an empty one."""
    elbv2, arn = serving.client("elbv2"), serving.built["rule"]
    made = elbv2.create_target_group(Name="empty", Protocol="HTTP", Port=PORT, VpcId="vpc-0a7d41c5be92f3680")
    empty = made["TargetGroups"][0]["TargetGroupArn"]
    elbv2.modify_rule(RuleArn=arn, Actions=[{"Type": "forward", "TargetGroupArn": empty}])
    try:
        answer = serving.get("/?empty")
    finally:
        elbv2.modify_rule(RuleArn=arn, Actions=[{"Type": "forward", "TargetGroupArn": serving.built["target_group"]}])
        elbv2.delete_target_group(TargetGroupArn=empty)
    assert (503, "awselb/2.0") == (answer.status, answer.header("server"))


def test_a_rule_that_redirects_is_followed_by_nobody_but_the_visitor(serving: Site) -> None:
    """With what it was asked for put in."""
    elbv2 = serving.client("elbv2")
    redirect = {"Protocol": "HTTPS", "Port": "443", "Path": "/new/#{path}", "StatusCode": "HTTP_302"}
    elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": serving.built["rule"], "Priority": 5}])
    made = elbv2.create_rule(
        ListenerArn=serving.built["listener"],
        Priority=2,
        Conditions=[{"Field": "path-pattern", "Values": ["/old/*"]}],
        Actions=[{"Type": "redirect", "RedirectConfig": redirect}],
    )["Rules"][0]["RuleArn"]
    try:
        answer = serving.get("/old/page?a=b")
    finally:
        elbv2.delete_rule(RuleArn=made)
        elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": serving.built["rule"], "Priority": 1}])
    assert (302, f"https://{WWW}/new/old/page?a=b") == (answer.status, answer.header("location"))


def test_while_it_is_in_progress_edges_go_by_the_old_config_or_the_new(site: Site) -> None:
    """In turn, until it is Deployed; then by the new one alone."""
    site.put(site.connected())
    control.configure(site.running, stopped_clock=True)
    site.put(site.serving(), deployed=False)
    seen = ["Coming soon" in site.get(f"/?{number}").text for number in range(6)]
    assert [True, False] * 3 in (seen, [not one for one in seen])
    site.later()
    assert {False} == {"Coming soon" in site.get(f"/?{number}").text for number in range(4)}


def test_deployed_is_deployed_everywhere(site: Site, until: Callable[..., Any]) -> None:
    """Whoever waited for it sees the new config at once."""
    site.put(site.connected())
    site.put(site.serving(), deployed=False)

    def is_deployed() -> bool:
        site.get("/?waiting")
        return bool(site.client("cloudfront").get_distribution(Id=ID)["Distribution"]["Status"] == "Deployed")

    until(is_deployed)
    assert {"Next.js"} == {site.get(f"/?{number}").header("x-powered-by") for number in range(4)}


def test_a_deployment_of_the_service_is_seen_by_nobody(serving: Site, until: Callable[..., Any]) -> None:
    """Targets that drain are asked no more, and new ones once they are healthy."""
    ecs = serving.client("ecs")
    ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    seen = []

    def is_steady() -> bool:
        seen.append(serving.get("/").status)
        (found,) = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
        return bool(found["deployments"][0]["rolloutState"] == "COMPLETED")

    until(is_steady)
    seen += [serving.get("/").status for _ in range(4)]
    assert {200} == set(seen)


def test_a_disabled_distribution_answers_nobody(site: Site) -> None:
    """It is CloudFront that says so."""
    site.put(site.adopted | {"Enabled": False})
    answer = site.get()
    assert (403, "CloudFront") == (answer.status, answer.header("server"))


def test_an_error_page_stands_in_for_what_the_bucket_answers(site: Site) -> None:
    """With the status that the distribution says, and marked as an error."""
    response = {"ErrorCode": 403, "ResponsePagePath": "/index.html", "ResponseCode": "200", "ErrorCachingMinTTL": 10}
    site.put(site.adopted | {"CustomErrorResponses": {"Quantity": 1, "Items": [response]}})
    for number in range(2):
        answer = site.get("/missing")
        assert (200, "Error from cloudfront") == (answer.status, answer.header("x-cache")), number
        assert "Coming soon" in answer.text


def test_a_response_headers_policy_adds_hsts(site: Site) -> None:
    """AWS's managed SecurityHeadersPolicy."""
    config = site.config()
    config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] = "67f7725c-6f97-4210-82d7-5512b31e9d03"
    site.put(config)
    assert "max-age=31536000" == site.get().header("strict-transport-security")


def test_the_edge_leaves_no_trace_in_the_log_and_asks_nobodys_leave(site: Site) -> None:
    """What it reads of the account is not an operator's call."""
    site.get()
    before = len(control.calls(site.running))
    control.configure(site.running, iam=True)
    site.later()
    assert 200 == site.get("/index.html").status
    assert before == len(control.calls(site.running))
