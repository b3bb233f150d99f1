#!/bin/sh
# safetensors 0.8.0, safetensors.numpy.save: an array that is not C-contiguous (a transpose, a Fortran
# array as scipy.io.loadmat and LAPACK give, every second column) is stored as if it were. Shape and
# dtype come back right, the numbers in another order, and nothing is said. So are weights of a ridge
# regression that come from a factorisation. safetensors.torch.save refuses such tensors with a
# ValueError; contiguous arrays are stored right.
#
# Seen 2026-11-29: [[0 3 1] [4 2 5]] comes back for [[0 1 2] [3 4 5]] in Fortran order.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from safetensors.numpy import load, save

right = np.arange(6, dtype=np.float32).reshape(2, 3)
layouts = {
    "contiguous": right,
    "Fortran": np.asfortranarray(right),
    "transposed": np.ascontiguousarray(right.T).T,
    "every second column": np.repeat(right, 2, axis=1)[:, ::2],
}
back = {name: load(save({"a": array}))["a"] for name, array in layouts.items()}
for name, array in back.items():
    print(f"{name}:", array.tolist(), "right" if (array == right).all() else "wrong")

assert (back["contiguous"] == right).all()
assert back["Fortran"].tolist() == [[0, 3, 1], [4, 2, 5]]
assert back["transposed"].tolist() == [[0, 3, 1], [4, 2, 5]]
assert not (back["every second column"] == right).all()
PYTHON
