"""Tables for readers: mean and deviation in one column, versions in a note."""

import pandas as pd

from sharpminima.tables import readable

TABLE = pd.DataFrame(
    {
        "regime": ["SB", "LB"],
        "runs": [3, 1],
        "accuracy_mean": [98.0312, 97.5],
        "accuracy_std": [0.125, None],
        "paper_mean": [None, None],
        "versions": ["keras 1", "keras 1"],
    }
)


def test_mean_and_deviation_share_a_column():
    text = readable.markdown(TABLE)
    assert "98.03 ± 0.12" in text
    assert "| 97.5 " in text


def test_mean_and_interval_share_a_column():
    means = {"sharpness_mean": [7.1234, 1234.5], "sharpness_low": [3.2, None]}
    text = readable.markdown(TABLE.assign(**means, sharpness_high=[15.63, None]))
    assert "| 7.12 (3.2 to 15.6) " in text
    assert "| 1234 " in text
    assert "low" not in text


def test_a_mean_with_an_interval_is_rounded_and_written_in_full():
    """1230 is easier to read than 1.23e+03."""
    means = {"sharpness_mean": [1234.5, 0.0012345], "sharpness_low": [987.6, 0.001]}
    text = readable.markdown(TABLE.assign(**means, sharpness_high=[15678.0, 0.0015]))
    assert "| 1230 (988 to 15700) " in text
    assert "| 0.00123 (0.001 to 0.0015) " in text


def test_empty_columns_and_versions_are_left_out():
    text = readable.markdown(TABLE)
    assert "paper" not in text
    assert "keras" not in text


def test_mixed_versions_are_said():
    mixed = TABLE.assign(versions=["keras 1", "keras 1 | keras 2"])
    assert "mixes package versions: keras 1; keras 2." in readable.markdown(mixed)


def test_the_page_is_complete_and_escapes_what_it_shows():
    page = readable.html(TABLE.assign(regime=["<SB>", "LB"]))
    assert page.startswith("<!doctype html>")
    assert "98.03 ± 0.12" in page
    assert "&lt;SB&gt;" in page


def test_the_note_of_a_page_is_escaped_too():
    page = readable.html(TABLE.assign(versions=["keras 1", "<b>"]))
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
