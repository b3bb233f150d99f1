"""Images that the recording names by their source, in the test set and nowhere else."""

import numpy as np
import pytest

from core import splits
from core.errors import InputError
from tests.core.splits.planted import recording

SOURCES = np.where(np.arange(60) % 10 == 0, "OOD", "coco")


def test_all_of_the_source_are_tested_and_nothing_else():
    ds = recording(source=SOURCES)
    fold = splits.make(ds, "ood", 0, validation=0.1)[0]
    assert fold.test.tolist() == [0, 10, 20, 30, 40, 50]
    assert len(fold.validation) == 5
    assert len(fold.train) == 49
    coco = splits.make(ds, "ood", 0, source="COCO")[0]
    assert len(coco.test) == 54


def test_a_copy_under_another_source_is_tested_too():
    ids = [f"p{i:03d}" for i in range(60)]
    ids[33] = "rep_p010"
    fold = splits.make(recording(id=ids, source=SOURCES), "ood", 0)[0]
    assert 33 in fold.test


@pytest.mark.parametrize(
    ("columns", "message"),
    [({}, "a column 'source'"), ({"source": "coco"}, "source 'ood'.*coco")],
)
def test_a_recording_that_names_none_is_refused(columns, message):
    with pytest.raises(InputError, match=message):
        splits.make(recording(**columns), "ood")
