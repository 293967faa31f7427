"""Structure from motion: which points overlapping photos share, where these lie, and where each photo was taken.

pycolmap does it (J. L. Schönberger and J.-M. Frahm, "Structure-from-Motion Revisited", CVPR 2016), from features that
are scale-invariant (D. Lowe, IJCV 60, 2004). It writes nothing to the terminal; its database lies in a folder that
goes. Its random numbers start alike, and what depends on the order of threads has one, so the same photos give the same
answer.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.machine import processors
from sixbit.measure.bundle import Sights
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.sentence import Sentence
from sixbit.values.watch import Progress, silent

MOST_FEATURES = 4096
"""Features of a photo, the largest first: more take longer and tell little more."""
FEWEST_MATCHES = 30
"""Features that two photos must share to overlap."""
LEAST_ANGLE = 4.0
"""Degrees under which two photos must see the points that everything begins with."""


class Features(NamedTuple):
    """Features of a photo: ``at`` (n, 2) in half short sides from its middle, and as pycolmap has them.

    ``size`` is the width and height in px of the picture in which they were found, ``half_short`` half the short side
    of the photo in px of it.
    """

    at: FloatArray
    keypoints: NDArray[np.float32]
    descriptors: NDArray[np.uint8]
    size: tuple[int, int]
    half_short: float


def pycolmap() -> Any:
    """The library, silent. Raises CalibrationError where it is not installed."""
    try:
        library: Any = import_module("pycolmap")
    except ImportError as error:
        needed = Sentence("Overlapping photos need pycolmap.", Code.MISSING_PART, package="sixbit[learn]")
        raise CalibrationError(needed) from error
    library.logging.minloglevel = int(library.logging.Level.FATAL)
    return library


def features_in(grey: NDArray[np.float32], half_short: float) -> Features:
    """Find the features of a grey picture (code values, 0 to 1).

    ``half_short`` is half the short side of the photo in px of this picture.
    """
    library = pycolmap()
    options = library.FeatureExtractionOptions()
    options.use_gpu, options.num_threads = False, 1
    options.sift.max_num_features = MOST_FEATURES
    options.sift.first_octave = 0
    extractor = library.FeatureExtractor.create(options, library.Device.cpu)
    brightest = max(float(np.quantile(grey, 0.995)), 1e-6)
    picture = np.clip(255 * grey / brightest, 0, 255).round().astype(np.uint8)
    found, described = extractor.extract_from_uint8_array(np.ascontiguousarray(picture))
    keypoints = np.asarray(library.keypoints_to_matrix(found), np.float32)
    height, width = grey.shape
    # pycolmap counts px from the corner of the picture.
    at = (keypoints[:, :2].astype(np.float64) - np.array([width, height]) / 2) / half_short
    return Features(at, keypoints, np.asarray(described.data, np.uint8), (width, height), half_short)


def sights_of(photos: Sequence[Features], focal: float, progress: Progress = silent) -> Sights:
    """Find the points that photos share, and all places: a first guess for :func:`sixbit.measure.bundle.adjust`.

    ``focal`` is the focal length as it is known, in half short sides. Photos that share no points with the others have
    no sights. Raises CalibrationError where no two photos overlap and stand apart.
    """
    library = pycolmap()
    with tempfile.TemporaryDirectory(prefix="sixbit-overlap-") as name:
        database = Path(name) / "database.db"
        _write(library, database, photos, focal * photos[0].half_short)
        progress(0.0, "looking for points that photos share")
        _match(library, database)
        if not _shared(library, database):
            raise CalibrationError("These photos do not overlap.", Code.OVERLAP)
        progress(0.5, "finding where each photo was taken")
        models = _placed(library, database, Path(name))
    if not models:
        why = Sentence("These photos overlap, but from one place: the camera has to move between them, to the side.")
        raise CalibrationError(why, Code.OVERLAP)
    found = max(models, key=lambda one: (one.num_reg_images(), one.num_points3D()))
    progress(1.0, "finding where each photo was taken")
    return _sights(found, photos)


def _write(library: Any, database: Path, photos: Sequence[Features], focal_px: float) -> None:
    width, height = photos[0].size
    camera = library.Camera.create_from_model_name(1, "RADIAL", focal_px, width, height)
    camera.has_prior_focal_length = True
    with library.Database.open(database) as opened:
        number = opened.write_camera(camera)
        for k, photo in enumerate(photos):
            image = opened.write_image(library.Image(name=f"{k:06}", camera_id=number))
            opened.write_keypoints(image, photo.keypoints)
            kind = library.FeatureExtractorType.SIFT
            opened.write_descriptors(image, library.FeatureDescriptors(type=kind, data=photo.descriptors))


def _match(library: Any, database: Path) -> None:
    matching, verifying = library.FeatureMatchingOptions(), library.TwoViewGeometryOptions()
    matching.use_gpu, matching.num_threads = False, processors()
    verifying.ransac.random_seed = 0
    verifying.min_num_inliers = FEWEST_MATCHES
    library.match_exhaustive(
        database, matching_options=matching, verification_options=verifying, device=library.Device.cpu
    )


def _shared(library: Any, database: Path) -> int:
    """Features that pairs of photos share, all told."""
    with library.Database.open(database) as opened:
        return int(opened.num_inlier_matches())


def _placed(library: Any, database: Path, folder: Path) -> list[Any]:
    """Models of the scene, none where it cannot be begun."""
    options = library.IncrementalPipelineOptions()
    options.extract_colors, options.multiple_models = False, False
    options.num_threads = 1
    options.min_model_size = 3
    options.random_seed = options.mapper.random_seed = options.triangulation.random_seed = 0
    options.mapper.init_min_tri_angle = LEAST_ANGLE
    options.mapper.init_min_num_inliers = FEWEST_MATCHES
    library.set_random_seed(0)
    out = folder / "models"
    out.mkdir()
    placed = library.incremental_mapping(database, folder, out, options).values()
    # A camera that was turned on the spot begins a model, and every point of it is too far to be one.
    return [one for one in placed if one.num_points3D()]


def _sights(model: Any, photos: Sequence[Features]) -> Sights:
    turns, places = np.tile(np.eye(3), (len(photos), 1, 1)), np.zeros((len(photos), 3))
    which = {}
    for number, image in model.images.items():
        if image.has_pose:
            which[number] = k = int(image.name)
            pose = image.cam_from_world()
            turns[k], places[k] = pose.rotation.matrix(), pose.translation
    rows: list[tuple[int, int, int]] = []
    points: list[FloatArray] = []
    for _, point in sorted(model.points3D.items()):
        seen = {which[e.image_id]: e.point2D_idx for e in point.track.elements}
        rows += [(photo, len(points), feature) for photo, feature in sorted(seen.items())]
        points.append(point.xyz)
    photo, number, feature = np.array(rows, np.intp).T
    at = np.stack([photos[p].at[f] for p, f in zip(photo, feature, strict=True)])
    focal = next(iter(model.cameras.values())).mean_focal_length() / photos[0].half_short
    return Sights(photo, number, feature, at, turns, places, np.array(points), float(focal))
