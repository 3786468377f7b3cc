"""A pack that cannot be imported."""

raise RuntimeError('the driver of the GPU is too old')
