"""Parameters that the tally trainer adds to an action's."""

from __future__ import annotations

from pydantic import BaseModel, Field


class TallyParams(BaseModel):
    """Parameters of the tally trainer."""

    smoothing: float = Field(default=0.0, ge=0, description='Added to each count.')
