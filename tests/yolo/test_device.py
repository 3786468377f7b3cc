"""A device that cannot be is refused before any data moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from builtin_steps import _yolo_device
from builtin_steps._yolo_device import check_device
from builtin_steps.yolo_params import YoloParams, YoloValParams
from synapse_plugins.errors import ParamsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_yolo_device, '_NVIDIA', (tmp_path / 'no driver',))
    monkeypatch.setattr(_yolo_device, '_AMD', tmp_path / 'none either')
    monkeypatch.setenv('PATH', str(tmp_path))


@pytest.fixture
def a_gpu(no_gpu: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_yolo_device, '_NVIDIA', (tmp_path,))
    monkeypatch.setattr(_yolo_device, 'version', lambda name: '2.9.0+cu128')


@pytest.mark.parametrize('device', [None, '', 'cpu', 'CPU', 'xpu:0', 'npu:0,1'])
@pytest.mark.usefixtures('no_gpu')
def test_what_needs_no_gpu_is_taken_anywhere(device: Any) -> None:
    assert check_device(device) == device


@pytest.mark.parametrize('device', [0, '0', '0,1', [0, 1], 'cuda', 'cuda:0', -1, '-1,-1'])
@pytest.mark.usefixtures('a_gpu')
def test_a_gpu_is_taken_where_there_is_a_driver(device: Any) -> None:
    assert check_device(device) == device


@pytest.mark.parametrize('device', [0, '0,1', 'cuda'])
@pytest.mark.usefixtures('no_gpu')
def test_a_gpu_is_refused_where_there_is_none(device: Any) -> None:
    with pytest.raises(ParamsError, match=r'no driver of one was found.* Give device=cpu'):
        check_device(device)


@pytest.mark.parametrize('device', ['quantum', 'gpu', '0;1', '0,0', '-2', 'cuda:x', 'cpu,0'])
@pytest.mark.usefixtures('a_gpu')
def test_what_is_no_device_is_refused(device: str) -> None:
    with pytest.raises(ParamsError, match='There is no device'):
        check_device(device)


@pytest.mark.usefixtures('a_gpu')
def test_a_torch_without_gpus_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_yolo_device, 'version', lambda name: '2.9.0+cpu')
    with pytest.raises(ParamsError, match=r'torch 2\.9\.0\+cpu is built without'):
        check_device(0)


def test_the_macs_device_is_refused_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('platform.system', lambda: 'Linux')
    with pytest.raises(ParamsError, match='Mac'):
        check_device('mps')
    monkeypatch.setattr('platform.system', lambda: 'Darwin')
    assert check_device('mps') == 'mps'


@pytest.mark.yolo
@pytest.mark.parametrize('model', [YoloParams, YoloValParams])
def test_both_actions_check_it(model: Any) -> None:
    with pytest.raises(ValidationError, match="There is no device 'quantum'"):
        model(device='quantum')
