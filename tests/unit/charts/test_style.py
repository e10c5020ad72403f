"""What charts share: colours of regimes, titles, notes."""

import pandas as pd

from sharpminima.charts import style


def test_every_regime_has_a_colour_of_its_own():
    names = [f"R{i}" for i in range(14)]
    colours = style.by_regime(names).to_dict()["scale"]["range"]
    assert len(set(colours)) == 14
    assert colours[:2] == [style.BLUE, style.VERMILION]


def test_a_title_has_its_notes_and_the_seeds_that_were_lost_in_lines_below():
    rows = pd.DataFrame({"network": "F1", "dataset": "mnist", "seed": [0, 1]})
    rows["status"] = ["ceased", "diverged"]
    title = style.title(rows, "curves", "", style.not_drawn(pd.Series([0.0, 1.0])))
    assert title.text == "F1 on mnist: curves"
    assert title.subtitle == [
        "not drawn: 1 value, zero or missing",
        "1 seed with a run that diverged",
    ]
