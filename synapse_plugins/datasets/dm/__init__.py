"""Datamaker documents: version 1 into version 2 and back, without loss.

Version 1 is what the platform keeps of an assignment, version 2 what goes into datasets. Neither holds all of the
other: version 2 knows no flags of the user interface, no ids of points and no original media ids; version 1 knows no
two attributes of one name. So each direction returns or takes a second part:

>>> from synapse_plugins.datasets import dm
>>> data, meta = dm.to_v2(document)  # doctest: +SKIP
>>> dm.to_v1(data, meta) == document  # doctest: +SKIP
True

The *meta* of a version 2 document has the form that the vendor's converter calls ``annotation_meta``. What was edited
in between comes out edited: an annotation that is as it was gets all of its old self back, one that was changed keeps
its flags and gets the new values, one that is gone stays gone.
"""

from __future__ import annotations

from .backward import to_v1
from .forward import Version2, to_v2
from .media import CONTAINERS, MEDIA, media_of
from .rest import keep_rest, with_rest

__all__ = ['CONTAINERS', 'MEDIA', 'Version2', 'keep_rest', 'media_of', 'to_v1', 'to_v2', 'with_rest']
