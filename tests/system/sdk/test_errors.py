"""Each refusal has its class, and says what it is."""

from __future__ import annotations

import json

import pytest
import smara as package
from smara import (
    APIStatusError,
    InvalidResponse,
    PlanLimitError,
    ServerError,
    Smara,
    SmaraError,
    ValidationFailed,
)

from tests.system.sdk.conftest import Connect
from tests.system.sdk.misbehaving import FakeSmara


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequest"),
        (401, "AuthenticationError"),
        (402, "PlanLimitError"),
        (403, "PermissionDenied"),
        (404, "NotFound"),
        (408, "RequestTimeout"),
        (409, "Conflict"),
        (410, "Gone"),
        (413, "PayloadTooLarge"),
        (415, "UnsupportedMediaType"),
        (418, "APIStatusError"),
        (422, "ValidationFailed"),
        (429, "RateLimited"),
        (500, "ServerError"),
        (503, "ServiceUnavailable"),
        (507, "ServerError"),
    ],
)
def test_each_status_has_its_class(
    connect: Connect, fake: tuple[FakeSmara, str], status: int, name: str
) -> None:
    provider, url = fake
    provider.script({"status": status, "headers": {"X-Request-Id": "r-1"}})
    with pytest.raises(SmaraError) as caught:
        connect("key", url, max_retries=0).store("u", "Likes tea")
    error = caught.value
    assert type(error) is getattr(package, name)
    assert isinstance(error, APIStatusError)
    assert (error.status, error.code, error.message) == (status, "scripted", "Something is wrong.")
    assert (error.body["code"], error.request_id) == ("scripted", "r-1")
    assert str(error) == f"Something is wrong. (HTTP {status})"


def test_a_plan_limit_says_how_much_there_is(connect: Connect, fake: tuple[FakeSmara, str]) -> None:
    provider, url = fake
    body = {
        "error": "The plan is full.",
        "code": "plan_limit",
        "plan": "free",
        "limit": 100,
        "used": 100,
        "upgrade_url": "https://example.org/plans",
    }
    provider.script({"status": 402, "body": body})
    with pytest.raises(PlanLimitError) as caught:
        connect("key", url).store("u", "Likes tea")
    error = caught.value
    assert (error.plan, error.limit, error.used) == ("free", 100, 100)
    assert error.upgrade_url == "https://example.org/plans"


def test_what_is_not_valid_is_listed(smara: Smara) -> None:
    with pytest.raises(ValidationFailed) as caught:
        smara.store("u", "Likes tea", importance=7, namespace="n" * 101)
    assert caught.value.code == "validation"
    assert {detail["path"] for detail in caught.value.details} == {"importance", "namespace"}


def test_a_lone_surrogate_is_refused_by_the_service_with_its_place(smara: Smara) -> None:
    with pytest.raises(ValidationFailed) as caught:
        smara.store("u", "broken \ud800 text")
    assert caught.value.details[0]["path"] == "fact"


def test_a_proxys_page_is_told_from_the_service(
    connect: Connect, fake: tuple[FakeSmara, str]
) -> None:
    provider, url = fake
    page = "<html><style>p {}</style><h1>502 Bad Gateway</h1><p>nginx</p></html>"
    provider.script({"status": 502, "body": page, "content_type": "text/html"})
    with pytest.raises(ServerError) as caught:
        connect("key", url, max_retries=0).store("u", "Likes tea")
    assert caught.value.code == "not_json"
    assert str(caught.value) == (
        "Bad Gateway, with text/html that is not the service's; a proxy before it may have "
        "answered. It begins: '502 Bad Gateway nginx' (HTTP 502)"
    )


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"status": 200, "body": "<html>Log in</html>", "content_type": "text/html"}, "not_json"),
        ({"status": 200, "body": '["another shape"]'}, "unexpected_shape"),
        ({"status": 302, "body": "", "headers": {"Location": "https://other/"}}, "redirect"),
    ],
)
def test_an_answer_that_is_none_of_the_services_is_an_error(
    connect: Connect, fake: tuple[FakeSmara, str], step: dict[str, object], code: str
) -> None:
    provider, url = fake
    provider.script(step)
    with pytest.raises(InvalidResponse) as caught:
        connect("key", url).store("u", "Likes tea")
    assert caught.value.code == code


@pytest.mark.parametrize(
    "given",
    [
        {"base_url": "localhost:3010"},
        {"api_key": "smara_…"},
        {"api_key": "smara_1\nsmara_2"},
        {"timeout": 0},
        {"max_retries": -1},
    ],
    ids=str,
)
def test_options_that_cannot_work_are_refused_at_once(
    connect: Connect, given: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        connect(**given)


def test_a_key_never_shows(connect: Connect) -> None:
    client = connect("smara_secret", "http://127.0.0.1:1", max_retries=0)
    with pytest.raises(SmaraError) as caught:
        client.store("u", "Likes tea")
    shown = [repr(client.config), str(caught.value), json.dumps(vars(caught.value))]
    assert "smara_secret" not in " ".join(shown)
