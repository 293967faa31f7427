"""What tests and benchmarks share: made photos and scenes, oracles, and systems with the real editors."""

from pathlib import Path

CLONE = Path(__file__).parents[2]
PHOTO = CLONE / "examples" / "photo.jpg"
