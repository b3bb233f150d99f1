#!/bin/sh
# himalaya 0.4.11: installed by itself it cannot be imported. Its kernel ridge imports 'packaging', which neither
# it nor what it requires (numpy, scikit-learn) declares; where matplotlib or pytest is installed nobody sees it.
#
# Seen 2026-11-30: ModuleNotFoundError: No module named 'packaging'; with packaging installed it is imported.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip install --quiet --disable-pip-version-check himalaya==0.4.11 numpy==2.4.6 scikit-learn==1.9.1
if "$python" -W ignore -c 'import himalaya' 2> "$folder/error"; then
    echo "himalaya alone was imported"
    exit 1
fi
tail -1 "$folder/error"
grep -q "No module named 'packaging'" "$folder/error"
"$python" -m pip install --quiet --disable-pip-version-check packaging==25.0
"$python" -W ignore -c 'import himalaya; print("with packaging:", himalaya.__version__)'
