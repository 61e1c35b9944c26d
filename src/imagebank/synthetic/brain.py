"""The pretend patient's head, and what a scanner would see of it.

Grey matter, white matter and T1 texture come from the MNI template that nilearn ships; skull, scalp and face are drawn
around it. All arithmetic is on whole numbers or on single IEEE operations, so that every machine paints the same
bytes. Arrays are ordered slice, row, column and run in the patient's left, posterior and superior (LPS) directions.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagebank.core.errors import SourceError

Volume = NDArray[np.int32]

VOXEL_MM = 2
ORIGIN_RAS_MM = (-98, -134, -72)  # of the first voxel of nilearn's template
CENTRE_RAS_MM = (0, -17, 18)  # middle of the brain: the origin of the pretend patient's own frame
VENTRICLES_RAS_MM = (0, -12, 18)
PADDING = ((22, 8), (14, 8), (8, 8))  # voxels around the template: inferior and superior, anterior, posterior, sides
BOX_VOXELS = 34  # half the side of the box around the ventricles
ATROPHY_LEVELS = 4
WEIGHTS: dict[str, dict[str, int]] = {  # signal of pure tissue, arbitrary units
    "T1w": {"texture": 760, "csf_outside": 110, "fat": 950, "muscle": 330, "lesion": -120},
    "T2w": {"csf": 950, "gm": 480, "wm": 320, "fat": 620, "muscle": 190, "lesion": 280},
    "FLAIR": {"csf": 70, "gm": 470, "wm": 370, "fat": 520, "muscle": 200, "lesion": 420},
    "b0": {"csf": 900, "gm": 440, "wm": 330, "fat": 60, "muscle": 90, "lesion": 200},
    "b1000": {"csf": 45, "gm": 225, "wm": 240, "fat": 30, "muscle": 30, "lesion": 60},
    "localizer": {"texture": 600, "csf_outside": 150, "fat": 800, "muscle": 350},
}


@dataclass(frozen=True)
class Grid:
    """Where a volume is sampled, in the patient's frame: plane, matrix, distances in mm."""

    plane: str
    slices: int
    rows: int
    columns: int
    pixel_mm: float
    slice_mm: float


def paint(contrast: str, atrophy: int, grid: Grid, scale: tuple[float, float, float]) -> Volume:
    """One volume of the head in a contrast; `scale` stretches it along x, y, z; values are 0 to about 1,000."""
    return _sample(_painted(contrast, atrophy), grid, scale)


def noise(offset: int, count: int) -> NDArray[np.int16]:
    """`count` values of bell-shaped noise with a standard deviation of about 12, from a fixed pool."""
    pool = _noise_pool()
    start = offset % (len(pool) - count)
    return pool[start : start + count]


@lru_cache(maxsize=1)
def _noise_pool() -> NDArray[np.int16]:
    generator = np.random.Generator(np.random.PCG64(20080101))
    four = generator.integers(-10, 11, size=(4, 1 << 21), dtype=np.int16)
    return np.asarray(four.sum(axis=0, dtype=np.int16), dtype=np.int16)


@lru_cache(maxsize=64)
def _painted(contrast: str, atrophy: int) -> NDArray[np.int16]:
    tissues = _tissues(atrophy)
    signal = np.zeros(tissues["gm"].shape, dtype=np.int32)
    for tissue, weight in WEIGHTS[contrast].items():
        signal += tissues[tissue].astype(np.int32) * weight
    return (np.maximum(signal, 0) // 255).astype(np.int16)


@lru_cache(maxsize=ATROPHY_LEVELS)
def _tissues(atrophy: int) -> dict[str, NDArray[np.uint8]]:
    """Fractions of each tissue, 0 to 255, at one level of atrophy."""
    maps = _shrunk(atrophy)
    inside = _inside()
    thinned = (maps["gm"].astype(np.int32) * (100 - 5 * atrophy) // 100).astype(np.uint8)
    brain = np.minimum(thinned.astype(np.int32) + maps["wm"], 255)
    csf = np.where(inside, 255 - brain, 0).astype(np.uint8)
    lesion = _lesions(csf, maps["wm"], atrophy)
    csf_outside = np.where(inside & (maps["texture"] == 0), 255, 0).astype(np.uint8)
    return {**maps, "gm": thinned, "csf": csf, "csf_outside": csf_outside, "lesion": lesion, **_outer_head()}


def _lesions(csf: NDArray[np.uint8], wm: NDArray[np.uint8], atrophy: int) -> NDArray[np.uint8]:
    """White matter next to the ventricles, which grows bright in small vessel disease."""
    from scipy import ndimage

    lesion = np.zeros_like(csf)
    if atrophy:
        box = _around_ventricles()
        near = _ellipsoid(csf.shape, VENTRICLES_RAS_MM, (42, 42, 42))[box]
        caps = ndimage.binary_dilation((csf[box] > 150) & near, iterations=atrophy)
        lesion[box] = np.where(caps & (wm[box] > 120), 60 * atrophy, 0)
    return lesion


@lru_cache(maxsize=1)
def _inside() -> NDArray[np.bool_]:
    """Everything within the skull; the same at every level of atrophy."""
    from scipy import ndimage

    maps = _templates()
    brain = (maps["gm"].astype(np.int32) + maps["wm"] > 40) | (maps["texture"] > 0)
    closed = ndimage.binary_closing(brain, iterations=3)
    return np.asarray(ndimage.binary_dilation(closed, iterations=1))


@lru_cache(maxsize=1)
def _outer_head() -> dict[str, NDArray[np.uint8]]:
    """Skull is dark; scalp and skin are fat; the face is muscle around an airway."""
    from scipy import ndimage

    inside = _inside()
    ball = ndimage.generate_binary_structure(3, 2)
    skull = ndimage.binary_dilation(inside, ball, iterations=3)
    scalp = ndimage.binary_dilation(skull, ball, iterations=2) & ~skull
    face = _ellipsoid(inside.shape, (0, 38, -62), (58, 62, 62)) | _ellipsoid(inside.shape, (0, 96, -52), (13, 18, 20))
    face &= ~skull
    skin = face & ~ndimage.binary_erosion(face | skull | scalp, ball, iterations=2)
    airway = _ellipsoid(inside.shape, (0, 40, -80), (11, 34, 40))
    fat = np.where(scalp & ~face, 200, 0) + np.where(skin, 190, 0)
    muscle = np.where(face & ~skin & ~airway, 180, 0) + np.where(skull & ~inside, 14, 0)
    return {"fat": fat.astype(np.uint8), "muscle": muscle.astype(np.uint8)}


def _ellipsoid(shape: tuple[int, ...], centre: tuple[int, int, int], half: tuple[int, int, int]) -> Any:
    z, y, x = _millimetres(shape, centre)
    return (x / half[0]) ** 2 + (y / half[1]) ** 2 + (z / half[2]) ** 2 < 1.0


def _millimetres(shape: tuple[int, ...], centre: tuple[int, int, int]) -> tuple[Any, Any, Any]:
    """Coordinates z, y, x of the voxels relative to a point of the template given in RAS."""
    at = _voxel_of(centre, shape)
    return tuple(  # type: ignore[return-value]
        ((np.arange(n) - middle) * float(VOXEL_MM)).reshape([-1 if axis == k else 1 for k in range(3)])
        for axis, (n, middle) in enumerate(zip(shape, at, strict=True))
    )


def _voxel_of(ras_mm: tuple[int, int, int], shape: tuple[int, ...]) -> tuple[float, float, float]:
    """Index z, y, x of a point of the template; x and y run to the left and to the back."""
    x, y, z = ((p - o) / VOXEL_MM - 0.25 for p, o in zip(ras_mm, ORIGIN_RAS_MM, strict=True))
    return (
        z + PADDING[0][0],
        shape[1] - 1 - (y + PADDING[1][1]),
        shape[2] - 1 - (x + PADDING[2][1]),
    )


@lru_cache(maxsize=1)
def _templates() -> dict[str, NDArray[np.uint8]]:
    """Texture, grey and white matter at 2 mm, padded, in LPS; raises SourceError where nilearn is missing."""
    import nibabel

    names = {"texture": "t1", "gm": "gm", "wm": "wm"}
    folder = _template_folder()
    found = {}
    for name, short in names.items():
        image = nibabel.load(folder / f"mni_icbm152_{short}_tal_nlin_sym_09a_converted.nii.gz")
        found[name] = _to_grid(np.asanyarray(image.dataobj))
    return found


def _template_folder() -> Path:
    """Found without importing nilearn, which takes seconds."""
    package = importlib.util.find_spec("nilearn")
    if package is None or package.origin is None:
        raise SourceError("The pretend hospital needs nilearn's brain template.", "install the package nilearn")
    return Path(package.origin).parent / "datasets" / "data"


def _to_grid(ras: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mean of 2 x 2 x 2 voxels, turned to z, y, x in LPS, padded with air."""
    even = ras[:196, :232, :188].astype(np.int32).reshape(98, 2, 116, 2, 94, 2).sum(axis=(1, 3, 5)) // 8
    lps = even[::-1, ::-1, :].transpose(2, 1, 0)
    return np.pad(lps, PADDING).astype(np.uint8)


def _shrunk(atrophy: int) -> dict[str, NDArray[np.uint8]]:
    """Widen the ventricles: near their centre the maps are magnified, far away they stay as they were."""
    maps = _templates()
    if not atrophy:
        return maps
    box = _around_ventricles()
    centre = BOX_VOXELS - 0.25  # of the ventricles, in each direction of the box
    steps = [
        (np.arange(2 * BOX_VOXELS) - centre).reshape([-1 if axis == k else 1 for k in range(3)]) for axis in range(3)
    ]
    near = 1.0 + sum(each * each for each in steps) * (VOXEL_MM / 32.0) ** 2
    factor = 1.0 - 0.14 * atrophy / (near * near)
    index = [np.floor(centre + each * factor + 0.5).astype(np.int32) for each in steps]
    flat = (index[0] * 2 * BOX_VOXELS + index[1]) * 2 * BOX_VOXELS + index[2]
    widened = {name: each.copy() for name, each in maps.items()}
    for each in widened.values():
        each[box] = np.take(np.ascontiguousarray(each[box]), flat)
    return widened


def _around_ventricles() -> tuple[slice, slice, slice]:
    """The box in which atrophy changes anything, as slices z, y, x."""
    at = _voxel_of(VENTRICLES_RAS_MM, _templates()["gm"].shape)
    z, y, x = (slice(int(middle) - BOX_VOXELS, int(middle) + BOX_VOXELS) for middle in at)
    return z, y, x


def _sample(head: NDArray[np.int16], grid: Grid, scale: tuple[float, float, float]) -> Volume:
    """Linear interpolation along each axis in turn, on whole numbers (weights of 1/256)."""
    centre = _voxel_of(CENTRE_RAS_MM, head.shape)
    volume, axes = head, {"z": 0, "y": 1, "x": 2}
    order = {"axial": ("z", "y", "x"), "sagittal": ("x", "-z", "y"), "coronal": ("y", "-z", "x")}[grid.plane]
    counts = (grid.slices, grid.rows, grid.columns)
    steps = (grid.slice_mm, grid.pixel_mm, grid.pixel_mm)
    result: Any = volume.transpose([axes[name[-1]] for name in order])
    for k, name in enumerate(order):
        axis = axes[name[-1]]
        offsets = (np.arange(counts[k]) - (counts[k] - 1) / 2) * steps[k] * (-1 if name[0] == "-" else 1)
        result = _interpolate(result, k, centre[axis] + offsets / (VOXEL_MM * scale[2 - axis]))
    return np.asarray(result, dtype=np.int32)


def _interpolate(volume: Any, axis: int, at: Any) -> Any:
    """Values of `volume` at the fractional indices `at` along one axis; outside is air."""
    last = volume.shape[axis] - 1
    fixed = np.floor(at * 256.0).astype(np.int64)
    low, weight = fixed >> 8, (fixed & 255).astype(np.int32)
    outside = (low < 0) | (low >= last)
    low = np.clip(low, 0, last - 1)
    shape = [-1 if k == axis else 1 for k in range(3)]
    weight = weight.reshape(shape)
    below, above = (np.take(volume, low + step, axis=axis).astype(np.int32) for step in (0, 1))
    mixed = (below * (256 - weight) + above * weight) >> 8
    return np.where(outside.reshape(shape), 0, mixed)
