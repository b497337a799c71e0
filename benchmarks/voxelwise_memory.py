"""Memory of voxel-wise synchrony, streamed in blocks, against the size of the cube that is never made.

Recordings on the 2 mm MNI grid (91 x 109 x 91) are generated as uncompressed int16 NIfTI files; a ball of about 230,000
voxels is the brain. Each block of `isc.voxel_blocks` is cleaned (line taken out, scaled) and correlated
(`isc.isc`). Printed are the size of the whole cube, the memory asked for, the peak of the process above what it took
with all packages loaded, and CPU seconds.

    python benchmarks/voxelwise_memory.py [--subjects N] [--volumes N] [--memory MB] [--folder DIR]
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import xarray as xr

import isc

GRID = (91, 109, 91)
RADIUS = 38.0  # voxels: as many as a brain mask at 2 mm has
TR = 2.0  # s
MB = 2**20


def write_recording(path: Path, n_volume: int, seed: int) -> None:
    """One person's recording: noise, and a course that everybody shares."""
    rng = np.random.default_rng(seed)
    shared = np.random.default_rng(0).normal(size=n_volume)
    pool = rng.integers(-300, 300, size=2 * int(np.prod(GRID)), dtype=np.int16)  # cut at random places: cheap noise
    image = nib.Nifti1Image(np.zeros((*GRID, 1), np.int16), np.diag([2.0, 2.0, 2.0, 1.0]))
    header = image.header.copy()
    header.set_data_shape((*GRID, n_volume))
    header.set_zooms((2, 2, 2, TR))
    header.set_slope_inter(1, 0)
    header["vox_offset"] = 352
    with open(path, "wb") as file:
        header.write_to(file)
        file.write(b"\0" * (352 - file.tell()))
        for volume in range(n_volume):
            cut = int(rng.integers(0, int(np.prod(GRID))))
            part = pool[cut : cut + int(np.prod(GRID))] + np.int16(1000 + 100 * shared[volume])
            file.write(part.astype("<i2").tobytes())


def ball() -> nib.Nifti1Image:
    """Mask of the voxels nearer to the middle than `RADIUS`."""
    place = np.indices(GRID) - (np.array(GRID) / 2)[:, None, None, None]
    inside = (place**2).sum(axis=0) < RADIUS**2
    return nib.Nifti1Image(inside.astype(np.int8), np.diag([2.0, 2.0, 2.0, 1.0]))


def peak() -> float:
    """Largest resident memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def stream(paths: dict[str, Path], memory: int) -> tuple[xr.DataArray, int]:
    """Synchrony of every voxel, block by block, and the number of blocks."""
    parts = [isc.isc(block) for block in isc.voxel_blocks(paths, mask=ball(), memory=memory)]
    return xr.concat(parts, "voxel"), len(parts)


def main() -> None:
    """Generate, stream, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=5)
    parser.add_argument("--volumes", type=int, default=150)
    parser.add_argument("--memory", type=int, default=64, help="MB of one block's cube")
    parser.add_argument("--folder", type=Path, help="where the recordings are written; by default a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        paths = {f"sub-{k:02d}": Path(folder) / f"sub-{k:02d}_bold.nii" for k in range(options.subjects)}
        for k, path in enumerate(paths.values()):
            write_recording(path, options.volumes, k)
        warm = {
            subject: nib.Nifti1Image(np.random.default_rng(k).normal(size=(4, 4, 4, 20)), np.eye(4))
            for k, subject in enumerate(paths)
        }
        for block in isc.voxel_blocks(warm, mask=nib.Nifti1Image(np.ones((4, 4, 4), np.int8), np.eye(4)), tr=TR):
            isc.isc(block)  # loads and compiles what is needed
        before, start = peak(), time.process_time()
        result, n_block = stream(paths, options.memory * MB)
        used, seconds = peak() - before, time.process_time() - start
    whole = 4 * result.size * options.subjects * options.volumes / MB
    print(f"{result.size} voxels x {options.subjects} subjects x {options.volumes} volumes: cube of {whole:.0f} MB")
    print(f"{n_block} blocks of at most {options.memory} MB: peak {used:.0f} MB above the {before:.0f} MB before")
    print(f"mean r {float(result.mean()):.3f}, {seconds:.0f} CPU s")


if __name__ == "__main__":
    main()
