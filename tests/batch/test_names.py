from hounsfield.batch.names import unique_stems


def test_stems_are_unique_safe_and_inside():
    names = ["a/../../etc/passwd", "b/..", "x/con trol\x07.dcm", "y/1.dcm", "z/1.dcm"]
    stems = unique_stems(names, ())
    assert len(set(stems.values())) == len(names)
    for stem in stems.values():
        assert not stem.is_absolute()
        assert ".." not in stem.parts
        assert all(c.isprintable() and c not in " \\" for c in str(stem))
    assert unique_stems(["ü/中文.dcm"], ())["ü/中文.dcm"].name == "中文.dcm"
