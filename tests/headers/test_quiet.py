import threading
import warnings

import numpy as np

import hounsfield as hu

from made import dataset, to_bytes


def naughty() -> bytes:
    """A file with values that pydicom warns about, quoting them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return to_bytes(dataset(np.zeros((2, 2), np.uint8), PatientBirthDate="Doe^Jane born 1950", PatientSex="x" * 40))


def test_pydicoms_warnings_with_their_quotes_stay_inside():
    data = naughty()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hu.info(data)
        hu.tags(data)
        hu.read(data)
    assert [str(w.message) for w in caught] == []


def test_filters_come_back_after_threads_that_overlap():
    data = naughty()
    before = list(warnings.filters)
    threads = [threading.Thread(target=lambda: [hu.tags(data) for _ in range(30)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
