"""Which devices a training can be asked to use, looked at without importing torch: that takes seconds."""

from __future__ import annotations

import platform
import re
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from synapse_plugins.errors import ParamsError

__all__ = ['check_device']

_NVIDIA = (Path('/proc/driver/nvidia'), Path('/etc/nv_tegra_release'))
"""Where a driver of NVIDIA tells of itself; the second one is on the boards that have no nvidia-smi."""

_AMD = Path('/dev/kfd')
"""GPUs of AMD have numbers too, and torch calls them by the same name."""

_NUMBERS = re.compile(r'(?:cuda:?)?\s*(-?\d+(?:\s*,\s*-?\d+)*)')
_OTHERS = re.compile(r'(?:npu|xpu|tpu|intel|vulkan)(?::[\w.,-]+)?')
_WAYS = 'cpu, a GPU number such as 0, several as 0,1, or mps on a Mac'


def check_device(device: Any) -> Any:
    """Return *device* if it can be one, and a GPU only where there may be one.

    Raises:
        ParamsError: If it is none.
    """
    text = _as_text(device)
    if text in {'', 'cpu'} or _OTHERS.fullmatch(text):
        return device
    if text == 'mps':
        if platform.system() != 'Darwin':
            raise ParamsError("The device 'mps' is that of a Mac; this machine is none. Leave `device` out.")
        return device
    if text != 'cuda' and not _is_a_gpu(text):
        raise ParamsError(f'There is no device {device!r}; give {_WAYS}, or leave `device` out.')
    if (reason := _why_no_gpu()) is not None:
        raise ParamsError(
            f'The device {device!r} is a GPU, but {reason}. Give device=cpu, or leave `device` out.'
        )
    return device


def _as_text(device: Any) -> str:
    if isinstance(device, list | tuple):
        return ','.join(map(str, device))
    return '' if device is None else str(device).strip().lower()


def _is_a_gpu(text: str) -> bool:
    found = _NUMBERS.fullmatch(text)
    numbers = [int(number) for number in found[1].split(',')] if found else []
    # -1 lets ultralytics choose a GPU that is idle, as many as it is written.
    chosen = [number for number in numbers if number >= 0]
    return bool(numbers) and min(numbers) >= -1 and len(set(chosen)) == len(chosen)


def _why_no_gpu() -> str | None:
    """Return why no GPU can be used, as far as that shows from outside; None if one may be."""
    if not (any(path.exists() for path in (*_NVIDIA, _AMD)) or shutil.which('nvidia-smi')):
        return 'no driver of one was found on this machine (nvidia-smi is not there)'
    try:
        torch = version('torch')
    except PackageNotFoundError:
        return None
    return f'torch {torch} is built without support for one' if torch.endswith('+cpu') else None
