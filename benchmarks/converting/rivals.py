"""What the others do, each in an environment of its own: ``python rivals.py JOB SOURCE TARGET``.

SOURCE is what `data` makes: dm_v2 for the vendor's, COCO for the others. One call is one conversion in a fresh process.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def vendor_step(source: Path, target: Path) -> None:
    """Run the vendor's ConvertDatasetStep: dm_v2 in splits to yolo, pictures copied."""
    from synapse_sdk.plugins.actions.train.context import TrainContext
    from synapse_sdk.plugins.context import RuntimeContext
    from synapse_sdk.plugins.context.env import PluginEnvironment
    from synapse_sdk.plugins.steps import ConvertDatasetStep

    class Quiet:
        def __getattr__(self, name: str):
            return lambda *args, **kwargs: None  # noqa: ARG005

    target.mkdir()
    place = target / 'dm'  # it writes beside its source
    place.symlink_to(source)
    runtime = RuntimeContext(logger=Quiet(), env=PluginEnvironment({}), job_id='1')
    context = TrainContext(runtime_ctx=runtime, params={})
    context.dataset = {'path': place, 'format': 'dm_v2', 'is_categorized': True}
    result = ConvertDatasetStep('yolo').execute(context)
    if not result.success:
        raise SystemExit(result.error)


def vendor_coco(source: Path, target: Path) -> None:
    """Run the vendor's converter: dm_v2 without splits to COCO, pictures copied."""
    from synapse_sdk.utils.converters.coco.from_dm import FromDMToCOCOConverter

    converter = FromDMToCOCOConverter(root_dir=str(source))
    converter.convert()
    converter.save_to_folder(str(target))


def datumaro(source: Path, target: Path) -> None:
    """Run datumaro: COCO to yolo, pictures copied."""
    import datumaro

    dataset = datumaro.Dataset.import_from(str(source), 'coco_instances')
    dataset.export(str(target), 'yolo', save_media=True)


def supervision(source: Path, target: Path) -> None:
    """Run supervision: COCO to yolo, every picture decoded and written anew."""
    import supervision

    dataset = supervision.DetectionDataset.from_coco(
        str(source / 'images/train'), str(source / 'annotations/instances_train.json')
    )
    dataset.as_yolo(str(target / 'images'), str(target / 'labels'), str(target / 'data.yaml'))


def globox(source: Path, target: Path) -> None:
    """Run globox: COCO to yolo labels, no pictures."""
    from globox import AnnotationSet

    AnnotationSet.from_coco(source / 'annotations/instances_train.json').save_yolo_v5(target)


def ultralytics(source: Path, target: Path) -> None:
    """Run ultralytics' own converter: COCO to yolo labels, no pictures."""
    from ultralytics.data.converter import convert_coco

    convert_coco(str(source / 'annotations'), str(target), cls91to80=False)


def ultralytics_segments(source: Path, target: Path) -> None:
    """Run ultralytics' own converter for polygons."""
    from ultralytics.data.converter import convert_coco

    convert_coco(str(source / 'annotations'), str(target), cls91to80=False, use_segments=True)


def ours(source: Path, target: Path, to: str, link: str, workers: str) -> None:
    """Run this package."""
    from synapse_plugins.datasets import convert

    convert(source, target, to=to, link=link, workers=int(workers))


JOBS = (
    vendor_step,
    vendor_coco,
    datumaro,
    supervision,
    globox,
    ultralytics,
    ultralytics_segments,
    ours,
)

if __name__ == '__main__':
    os.environ['YOLO_VERBOSE'] = 'false'
    job = next(one for one in JOBS if one.__name__ == sys.argv[1])
    if shutil.disk_usage(Path(sys.argv[3]).parent).free < 1 << 30:
        raise SystemExit('less than 1 GB of disk is left')
    job(Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
