import pickle

import pytest

import hounsfield as hu
from hounsfield import errors

ALL = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, hu.HounsfieldError)]


@pytest.mark.parametrize("kind", ALL)
def test_an_error_names_file_and_cause_and_travels_between_processes(kind):
    error = kind("went wrong", source="a.dcm", attribute="Rows")
    assert str(error) == "a.dcm: went wrong"
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.source, copy.attribute) == (kind, str(error), "a.dcm", "Rows")


@pytest.mark.parametrize("kind", ALL)
def test_the_tree_in_the_docstring_is_complete(kind):
    assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (hu.SourceError, OSError),
        (hu.OutputError, OSError),
        (hu.NotDicomError, ValueError),
        (hu.DecodeError, ValueError),
        (hu.GeometryError, ValueError),
        (hu.MissingAttributeError, KeyError),
        (hu.MissingDependencyError, ImportError),
    ],
)
def test_each_is_the_builtin_that_fits(kind, builtin):
    assert issubclass(kind, builtin)
    assert issubclass(kind, hu.HounsfieldError)
