import pickle

import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.conversion import Conversion
from hounsfield.recipes.drawing import Drawing
from hounsfield.recipes.masking import Masking
from hounsfield.recipes.reading import Reading
from hounsfield.recipes.selection import Selection


@pytest.mark.parametrize(
    ("make", "argument", "words"),
    [
        (lambda: Selection(tissue="brain"), "tissue", "unknown tissue 'brain'"),
        (lambda: Selection(above=float("nan")), "above", "must be a number"),
        (lambda: Selection(above=1, tissue="bone"), "", "give `above` and `below`, or `tissue`, or `method`"),
        (lambda: Selection(above=3, below=3), "", "no value is above 3 and below 3"),
        (lambda: Reading("hounsfield"), "space", "values must be one of"),
        (lambda: Drawing(slice_index=1, montage=3), "", "not both"),
        (lambda: Conversion(to="npy", quality=3), "", "quality applies to jpeg"),
        (lambda: Conversion(Reading("stored")), "", "give `values`, or `to` npy"),
        (lambda: Conversion(frame=1, region=((0, 1), (0, 1))), "", "give `region` or `frame`"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_in_the_words_of_arguments(make, argument, words):
    with pytest.raises(RecipeError) as error:
        make()
    assert isinstance(error.value, ValueError)
    assert error.value.argument == argument
    assert words in str(error.value)
    again = pickle.loads(pickle.dumps(error.value))
    assert (again.reason, again.argument, str(again)) == (error.value.reason, argument, str(error.value))


def test_a_selection_makes_the_mask_that_the_functions_make():
    image = hu.read(get_testdata_file("CT_small.dcm"))
    made = Selection(tissue="bone", fill=True, largest=1).mask(image)
    expected = hu.components(hu.mask(image, tissue="bone", fill=True), largest=1)
    assert (made.values == expected.values).all()
    assert made.steps == expected.steps
    with pytest.raises(hu.GeometryError, match="`min_ml` is for volumes"):
        Selection(min_ml=3).mask(image)


def test_recipes_are_values():
    recipe = Masking(Reading("suv"), Selection(above=3), window=(40, 400))
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    assert hash(recipe) == hash(Masking(Reading("suv"), Selection(above=3), window=(40, 400)))
