"""Which lines of two programs differ."""

from helpers.program import changed_lines


def one(a):
    b = a + 1
    return b


def other(a, c):
    b = a + 2
    return b


def test_changed_lines_are_those_of_the_new_body_alone():
    assert changed_lines(one, other) == ["    b = a + 2"]
    assert changed_lines(one, one) == []
