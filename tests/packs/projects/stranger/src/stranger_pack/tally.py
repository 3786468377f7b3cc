"""The format `tally`: `classes.json`, and for each split a file with one JSON line an image."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from synapse_plugins.datasets import Annotation, ImageFile, Reader, Sample, Writer

WHOLE = 'all'


def detect(root):
    return None if (Path(root) / 'classes.json').is_file() else 'there is no classes.json'


class TallyWriter(Writer):
    """Writes tallies."""

    def __init__(self, root, *, classes, splits, **options):
        super().__init__(root, classes=classes, splits=splits, **options)
        self._lines = {split or WHOLE: [] for split in splits}

    def write(self, sample):
        counts = Counter(annotation.label for annotation in sample.annotations)
        for annotation in sample.annotations:
            self.report.change(annotation.tool, 'counted, its place is lost', sample.key)
        self._lines[sample.split or WHOLE].append({'key': sample.key, 'counts': dict(sorted(counts.items()))})

    def finish(self):
        (self.root / 'classes.json').write_text(
            json.dumps(self.classes, ensure_ascii=False), encoding='utf-8'
        )
        for split, lines in self._lines.items():
            text = ''.join(json.dumps(line, ensure_ascii=False) + '\n' for line in lines)
            (self.root / f'{split}.jsonl').write_text(text, encoding='utf-8')


class TallyReader(Reader):
    """Reads tallies: labels without geometry."""

    declares_classes = True

    def __init__(self, root, report):
        super().__init__(root, report)
        self.splits = [None if path.stem == WHOLE else path.stem for path in sorted(root.glob('*.jsonl'))]

    @property
    def classes(self):
        return json.loads((self.root / 'classes.json').read_text(encoding='utf-8'))

    def __iter__(self):
        for split in self.splits:
            for line in (self.root / f'{split or WHOLE}.jsonl').read_text(encoding='utf-8').splitlines():
                tally = json.loads(line)
                labels = [
                    Annotation('classification', label, {})
                    for label, n in tally['counts'].items()
                    for _ in range(n)
                ]
                yield Sample(tally['key'], split, ImageFile(self.root / tally['key']), labels)
