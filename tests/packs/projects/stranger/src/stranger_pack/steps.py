"""Steps that train without a framework: what they learn can be checked by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from synapse_plugins.steps import BaseStep, StepResult


class CensusStep(BaseStep):
    """Counts images by split, and says so."""

    name = 'census'
    progress_weight = 0.05

    def execute(self, context):
        splits = dict(context.dataset['splits'])
        context.log('census', {'splits': splits})
        return StepResult(data={'splits': splits})


class TallyTrainStep(BaseStep):
    """Learns from a tally dataset how often each class is on an image."""

    name = 'train'
    progress_weight = 0.7

    def execute(self, context):
        folder = Path(context.dataset['path'])
        smoothing = context.params['smoothing']
        counts, images = Counter(), 0
        for line in (folder / 'train.jsonl').read_text(encoding='utf-8').splitlines():
            counts.update(json.loads(line)['counts'])
            images += 1
            context.set_progress(images, images)
        learned = {name: (count + smoothing) / images for name, count in sorted(counts.items())}
        context.metrics = {'images': images}
        context.set_metrics(context.metrics)
        context.model_path = _save(context, {'trainer': 'tally', 'per_image': learned})
        return StepResult(data={'images': images})


class MeanBoxTrainStep(BaseStep):
    """Learns from a coco dataset the mean box of each class."""

    name = 'train'
    progress_weight = 0.7

    def execute(self, context):
        (path,) = Path(context.dataset['path']).rglob('*train*.json')
        document = json.loads(path.read_text(encoding='utf-8'))
        names = {category['id']: category['name'] for category in document['categories']}
        boxes = {}
        for annotation in document['annotations']:
            boxes.setdefault(names[annotation['category_id']], []).append(annotation['bbox'])
        learned = {
            name: [sum(side) / len(side) for side in zip(*found, strict=True)]
            for name, found in boxes.items()
        }
        context.metrics = {'boxes': len(document['annotations'])}
        context.model_path = _save(context, {'trainer': 'mean-box', 'mean_box': learned})
        return StepResult()


def _save(context, model):
    path = context.work_dir / 'model.json'
    path.write_text(json.dumps(model, ensure_ascii=False), encoding='utf-8')
    return str(path)
