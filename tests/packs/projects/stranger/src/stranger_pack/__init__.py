"""A format of its own, its trainer, a trainer for coco, and a step."""
