"""Scenes to be photographed: fronts, shelves, tiles, charts, and things without lines or edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tests.scenery.camera import Painter, Plane, Rng, Scene, Wall


def colour(rng: Rng, low: float = 0.02, high: float = 0.75, tint: float = 0.25) -> tuple[float, ...]:
    """A colour in linear light."""
    return tuple(float(c) for c in np.clip(rng.uniform(low, high) * (1 + rng.uniform(-tint, tint, 3)), 0.01, 0.9))


def _table(rng: Rng, rows: int = 64, columns: int = 64, tint: float = 0.3) -> Plane:
    """Colours to be picked by cell: (3, rows, columns)."""
    light = rng.uniform(0.03, 0.6, (1, rows, columns)) ** 1.3
    return (light * (1 + rng.uniform(-tint, tint, (3, rows, columns)))).clip(0.01, 0.9).astype(np.float32)


def building(rng: Rng) -> Scene:
    """A front with rows of windows, their frames and crossbars, and courses between the storeys."""
    width, height = rng.uniform(0.22, 0.5), rng.uniform(0.25, 0.5)
    share = rng.uniform(0.4, 0.65, 2)
    phase = rng.uniform(0, 1, 2)
    wall, frame, course = colour(rng, 0.25, 0.7), colour(rng, 0.05, 0.8), colour(rng, 0.1, 0.8)
    glass = _table(rng) * np.float32(0.4)

    def paint(painter: Painter) -> None:
        painter.paint(np.ones_like(painter.canvas), wall)
        painter.paint(painter.bars("v", height, 0.12, phase[1] + 0.5)[0], course)
        across, i = painter.bars("u", width, share[0], phase[0])
        down, j = painter.bars("v", height, share[1], phase[1])
        painter.paint(across * down, frame)
        for half in (-0.24, 0.24):  # two panes beside each other
            pane, _ = painter.bars("u", width, share[0] * 0.42, phase[0] + half * share[0])
            inner, _ = painter.bars("v", height, share[1] * 0.9, phase[1])
            painter.paint(pane * inner, glass[painter.plane, j % 64, i % 64])

    return paint


def books(rng: Rng) -> Scene:
    """Shelves of books of many widths and heights."""
    height = rng.uniform(0.35, 0.6)
    ends = np.cumsum(rng.uniform(0.03, 0.13, (16, 400)), axis=1).astype(np.float32)
    ends -= ends[:, 200:201]
    tops = rng.uniform(0.7, 0.95, (16, 401)).astype(np.float32)
    colours = np.concatenate([_table(rng, 16, 401, 0.6)])
    board, phase = colour(rng, 0.2, 0.6), rng.uniform(0, 1)

    def paint(painter: Painter) -> None:
        wall = painter.wall
        painter.paint(np.ones_like(painter.canvas), 0.02)
        at = wall.v * np.float32(1 / height) + np.float32(phase)
        shelf = np.floor(at)
        up = 1 - (at - shelf)  # from the board below
        row = shelf.astype(np.int32) % 16
        book = np.empty(wall.u.shape, np.int32)
        for k in range(16):
            here = row == k
            book[here] = np.searchsorted(ends[k], wall.u[here])
        book = book.clip(1, 399)
        left, right = wall.u - ends[row, book - 1], ends[row, book] - wall.u
        body = painter.cover(np.minimum(left, right) - np.float32(0.0025), wall.step_u)
        top = painter.cover((tops[row, book] - up) * np.float32(height), wall.step_v)
        painter.paint(body * top, colours[painter.plane, row, book])
        painter.paint(painter.bars("v", height, 0.09, phase + 0.5)[0], board)

    return paint


def tiles(rng: Rng) -> Scene:
    """Tiles or bricks with joints between."""
    width = rng.uniform(0.14, 0.35)
    height = width * rng.choice([1.0, 0.5, 0.4])
    bond = rng.choice([0.0, 0.5])
    joint, shades = colour(rng, 0.5, 0.85), _table(rng, tint=0.15)
    phase = rng.uniform(0, 1, 2)

    def paint(painter: Painter) -> None:
        painter.paint(np.ones_like(painter.canvas), joint)
        down, j = painter.bars("v", height, 0.93, phase[1])
        u = painter.wall.u
        painter.wall.u = u + (j % 2) * np.float32(bond * width)
        across, i = painter.bars("u", width, 0.95, phase[0])
        painter.wall.u = u
        painter.paint(across * down, shades[painter.plane, j % 64, i % 64])

    return paint


def chessboard(columns: int, rows: int) -> Callable[[Rng], Scene]:
    """A printed chart of so many inner corners."""

    def scene(rng: Rng) -> Scene:
        side = 1.75 / np.hypot(columns + 3, rows + 3) * rng.uniform(0.94, 1.06)

        def paint(painter: Painter) -> None:
            wall = painter.wall
            painter.paint(np.ones_like(painter.canvas), 0.75)
            white_u, _ = painter.bars("u", 2 * side, 0.5, 0.0 if columns % 2 else 0.25)
            white_v, _ = painter.bars("v", 2 * side, 0.5, 0.0 if rows % 2 else 0.25)
            board = painter.cover(np.float32((columns + 1) * side / 2) - np.abs(wall.u), wall.step_u)
            board *= painter.cover(np.float32((rows + 1) * side / 2) - np.abs(wall.v), wall.step_v)
            painter.paint(board, 0.03)
            painter.paint(board * (white_u + white_v - 2 * white_u * white_v), 0.75)

        return paint

    return scene


def charuco(columns: int, rows: int) -> Callable[[Rng], Scene]:
    """A printed board of so many squares with markers, as OpenCV lays it out: eight cells to a square, six a marker."""
    import cv2

    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_1000)
    board = cv2.aruco.CharucoBoard((columns, rows), 1.0, 0.75, dictionary)
    cells = np.pad(board.generateImage((8 * columns, 8 * rows)) > 127, 4, constant_values=True).astype(np.float32)
    height, width = cells.shape

    def scene(rng: Rng) -> Scene:
        side = np.float32(1.75 / np.hypot(width, height) * rng.uniform(0.94, 1.06))

        def paint(painter: Painter) -> None:
            wall = painter.wall
            painter.paint(np.ones_like(painter.canvas), 0.75)
            # Between the middles of four cells: how far a pixel is into the right and lower ones.
            x, y = wall.u / side + np.float32(width / 2 - 0.5), wall.v / side + np.float32(height / 2 - 0.5)
            left, top = np.floor(x), np.floor(y)
            right = painter.cover((x - left - np.float32(0.5)) * side, wall.step_u)
            lower = painter.cover((y - top - np.float32(0.5)) * side, wall.step_v)
            i, j = left.astype(np.int32).clip(0, width - 2), top.astype(np.int32).clip(0, height - 2)
            above = cells[j, i] + right * (cells[j, i + 1] - cells[j, i])
            below = cells[j + 1, i] + right * (cells[j + 1, i + 1] - cells[j + 1, i])
            white = above + lower * (below - above)
            inside = (x >= 0) & (x < width - 1) & (y >= 0) & (y < height - 1)
            painter.paint(np.where(inside, 1 - white, 0).astype(np.float32), 0.03)

        return paint

    return scene


def _noise(rng: Rng, size: int = 512, low: float = 0.0, high: float = 0.15) -> Plane:
    """A periodic texture of the frequencies between (1 is Nyquist): mean 0, deviation 1."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size))) * 2
    band = np.exp(-((frequency / high) ** 2)) * (frequency > low)
    texture = np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) * band).real
    return (texture / texture.std()).astype(np.float32)


def _read(texture: Plane, u: Plane, v: Plane, cell: float) -> Plane:
    """A texture at wall coordinates, bilinear."""
    size = len(texture)
    x, y = u * np.float32(1 / cell), v * np.float32(1 / cell)
    left, top = np.floor(x), np.floor(y)
    fx, fy = x - left, y - top
    i, j = left.astype(np.int32) % size, top.astype(np.int32) % size
    i1, j1 = (i + 1) % size, (j + 1) % size
    upper = texture[j, i] * (1 - fx) + texture[j, i1] * fx
    lower = texture[j1, i] * (1 - fx) + texture[j1, i1] * fx
    result: Plane = upper * (1 - fy) + lower * fy
    return result


def foliage(rng: Rng, where: Callable[[Wall], Plane] | None = None) -> Scene:
    """Leaves: everywhere, or where the mask is 1."""
    texture, shade = _noise(rng), _noise(rng)
    cell = rng.uniform(0.004, 0.012)
    dark, light = colour(rng, 0.02, 0.06), colour(rng, 0.15, 0.5, 0.5)

    def paint(painter: Painter) -> None:
        wall = painter.wall
        mask = np.ones_like(painter.canvas) if where is None else where(wall)
        if not mask.any():
            return
        painter.paint(mask, dark)
        for scale in (1.0, 0.61):
            height = _read(texture, wall.u, wall.v, cell * scale)
            leaf = painter.cover(height * np.float32(3 * cell), wall.step_u)
            tone = 1 + np.float32(0.5) * _read(shade, wall.v, wall.u, cell * 3)
            painter.paint(mask * leaf, np.float32(light[painter.plane]) * tone.clip(0.1, 1.6))

    return paint


def tree(rng: Rng) -> Scene:
    """Leaves before part of the scene."""
    u, v, radius = rng.uniform(-0.9, 0.9), rng.uniform(-0.6, 0.6), rng.uniform(0.15, 0.4)
    rim = _noise(rng, 256)

    def where(wall: Wall) -> Plane:
        away = np.hypot(wall.u - np.float32(u), wall.v - np.float32(v))
        edge = np.float32(radius) * (1 + np.float32(0.2) * _read(rim, wall.u, wall.v, 0.01)) - away
        return (edge * 80).clip(0, 1)

    return foliage(rng, where)


def curves(rng: Rng, count: int = 6) -> Scene:
    """Arches, cables and kerbs: curved things that no lens has bent."""
    kinds = rng.choice(["arch", "cable"], count)
    place = rng.uniform(-0.9, 0.9, (count, 2))
    radius = rng.uniform(0.12, 2.5, count)
    width = rng.uniform(0.01, 0.05, count)
    paints = [colour(rng) for _ in range(count)]

    def paint(painter: Painter) -> None:
        wall = painter.wall
        for kind, (u, v), r, w, shade in zip(kinds, place, radius, width, paints, strict=True):
            if kind == "arch":
                ring = painter.disc(u, v + r, r) - painter.disc(u, v + r, r - w)
                painter.paint(ring.clip(0, 1), shade)
            else:
                sag = np.float32(v) - (wall.u - np.float32(u)) ** 2 / np.float32(2 * r) - wall.v
                slope = np.hypot(1, (wall.u - np.float32(u)) / np.float32(r))
                painter.paint(painter.cover(np.float32(w / 3) - np.abs(sag) / slope, wall.step_v), shade)

    return paint


def clouds(rng: Rng) -> Scene:
    """A sky, soft all over."""
    texture, cell = _noise(rng, high=0.05), rng.uniform(0.01, 0.03)
    blue = (0.15, 0.3, 0.6)

    def paint(painter: Painter) -> None:
        light = _read(texture, painter.wall.u, painter.wall.v, cell)
        painter.paint(np.ones_like(painter.canvas), blue)
        painter.paint((0.5 + 0.3 * light).clip(0, 1).astype(np.float32), 0.8)

    return paint


def plain(rng: Rng) -> Scene:
    """A wall of one colour, unevenly lit."""
    shade, slope = colour(rng, 0.2, 0.6), rng.uniform(-0.2, 0.2)

    def paint(painter: Painter) -> None:
        painter.paint(np.ones_like(painter.canvas), shade)
        painter.canvas *= (1 + np.float32(slope) * painter.wall.u).clip(0.2, 1.8)

    return paint


def horizon(rng: Rng) -> Scene:
    """One straight line, between a sea and a sky."""
    height = rng.uniform(-0.2, 0.2)
    sky = clouds(rng)

    def paint(painter: Painter) -> None:
        sky(painter)
        painter.paint(painter.cover(painter.wall.v - np.float32(height), painter.wall.step_v), (0.05, 0.12, 0.16))

    return paint


def pebbles(rng: Rng) -> Scene:
    """Round things of all sizes."""
    count = 40
    place, radius = rng.uniform(-1.1, 1.1, (count, 2)), rng.uniform(0.03, 0.2, count)
    shades = [colour(rng) for _ in range(count)]

    def paint(painter: Painter) -> None:
        painter.paint(np.ones_like(painter.canvas), 0.05)
        for (u, v), r, shade in zip(place, radius, shades, strict=True):
            painter.paint(painter.disc(u, v, r), shade)

    return paint


def together(*scenes: Scene) -> Scene:
    """One before the other."""

    def paint(painter: Painter) -> None:
        for scene in scenes:
            scene(painter)

    return paint


WITH_LINES: Sequence[Callable[[Rng], Scene]] = (building, books, tiles)
WITHOUT_LINES: Sequence[Callable[[Rng], Scene]] = (foliage, curves, clouds, plain, horizon, pebbles)


def with_distractors(make: Callable[[Rng], Scene], rng: Rng) -> Scene:
    """A scene with things before it that are not straight."""
    return together(make(rng), curves(rng, int(rng.integers(1, 5))), tree(rng))
