"""Messages about unknown names: the closest known one is suggested."""

from sharpminima.config import wording


def test_a_line_is_one_line_that_moves_no_cursor():
    assert wording.one_line("a\n\x1b[2J\ud800é") == r"a\n\x1b[2J\ud800é"


def test_a_very_long_line_is_cut():
    assert wording.one_line("a" * 500) == "a" * 500
    assert wording.one_line("a" * 501) == f"{'a' * 496} ..."


def test_a_known_name_is_no_mistake():
    assert list(wording.unknown_name("here", "SB", ["LB", "SB"])) == []


def test_an_unknown_name_is_named_with_what_is_allowed():
    (mistake,) = wording.unknown_name("here", "minst", {"mnist": 1, "cifar10": 2})
    assert mistake == (
        "here",
        "unknown name (did you mean mnist?). Allowed: cifar10, mnist. "
        "Received: 'minst'",
    )


def test_a_key_may_be_no_text_and_nothing_may_be_allowed():
    assert wording.unknown_key(3, []) == "unknown key. Allowed: none"
