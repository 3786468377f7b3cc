"""What somebody is told to do about an answer of 404: one piece of advice, the server's where it gave one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from synapse_plugins.backends.synapse.answers import refused
from synapse_plugins.errors import MissingObjectError

if TYPE_CHECKING:
    from synapse_plugins.backends import SynapseBackend
    from synapse_plugins.backends.server import Served

OURS = 'Check the id, and that the address is that of the API.'


def answer_of(body: bytes, status: int = 404) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.reason, answer.url = status, 'Not Found', 'http://there/models/7/'
    answer._content = body
    answer.request = requests.Request('GET', answer.url).prepare()
    return answer


@pytest.mark.parametrize(
    ('detail', 'is_advice'),
    [
        ('Not found.', False),
        ('No Model matches the given query.', False),
        ('There is no version 1.2 of it', False),
        ('', False),
        ('There is no model 7. `list` shows what there is.', True),
        ("There is no model 'x'. Did you mean 'y'?", True),
        ('Gone! Ask the operator.', True),
    ],
)
def test_the_advice_of_the_server_is_enough(detail: str, is_advice: bool) -> None:
    said = str(refused(answer_of(json.dumps({'detail': detail}).encode()), ()))
    assert said.endswith(detail if is_advice else OURS)
    assert (OURS in said) != is_advice
    assert detail in said


def test_a_page_of_a_proxy_gives_none() -> None:
    assert str(refused(answer_of(b'<html>Nothing. Go away.</html>'), ())).endswith(f'404 Not Found. {OURS}')


def test_of_other_answers_the_advice_stays() -> None:
    said = str(refused(answer_of(b'{"detail": "No. Never."}', 401), ()))
    assert 'synapse-plugins login' in said


@pytest.mark.parametrize(
    ('method', 'kind', 'listing'),
    [
        ('get_ground_truth_version', 'dataset version', 'datasets list'),
        ('describe_model', 'model', 'models list'),
    ],
)
def test_who_asks_a_served_store_is_told_of_the_list_there(
    method: str, kind: str, listing: str, synapse_server: Served, served_backend: SynapseBackend
) -> None:
    with pytest.raises(MissingObjectError) as caught:
        getattr(served_backend, method)(77)
    url: Any = synapse_server.url
    assert str(caught.value).endswith(
        f'There is no {kind} 77. `synapse-plugins {listing} --backend {url}` lists what there is.'
    )
