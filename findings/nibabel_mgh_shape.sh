#!/bin/sh
# nibabel 5.4.2: the shape of a FreeSurfer .mgh that was read holds np.int32, that of a NIfTI Python's int.
# Products of it overflow where those of other images do not: vertices of both hemispheres times the trials of
# a subject (327,684 x 30,000) come out as 1,240,585,408. And an image of one frame, (n, 1, 1, 1), which is what
# a session of one trial is, cannot be saved; three frames can.
#
# Seen 2026-11-30: np.int32 in the shape, 1240585408, HeaderDataError "Data should be shape (5, 1, 1)".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check nibabel==5.4.2 numpy==2.4.6
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
import warnings
from pathlib import Path

import nibabel
import numpy as np
from nibabel.spatialimages import HeaderDataError

folder = Path(sys.argv[1])
values = np.zeros((327_684, 1, 1, 3), dtype=np.float32)
nibabel.MGHImage(values, np.eye(4)).to_filename(folder / "session.mgh")
nibabel.Nifti1Image(values[:5], np.eye(4)).to_filename(folder / "session.nii")
shape = nibabel.load(folder / "session.mgh").shape
other = nibabel.load(folder / "session.nii").shape
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    product = shape[0] * 30_000
print([type(length).__name__ for length in shape], [type(length).__name__ for length in other])
print("327,684 x 30,000 =", product)
assert all(isinstance(length, np.int32) for length in shape)
assert all(type(length) is int for length in other)
assert int(product) != 327_684 * 30_000
try:
    nibabel.MGHImage(values[:5, :, :, :1], np.eye(4)).to_filename(folder / "single.mgh")
    raise SystemExit("an image of one frame was saved")
except HeaderDataError as error:
    print("one frame:", error)
PYTHON
