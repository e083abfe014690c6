"""Trained artifacts while they serve: looked at beside the serving path, and swapped whole."""

from stigmergy.platform.snapshots.serving import Serving, serving_of
from stigmergy.platform.snapshots.snapshot import ArtifactSnapshot
from stigmergy.platform.snapshots.watch import ArtifactWatch

__all__ = ["ArtifactSnapshot", "ArtifactWatch", "Serving", "serving_of"]
