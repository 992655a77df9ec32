"""docs/data.md says what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from sweeper import families
from sweeper.config.sections import check_component
from sweeper.data.catalogue import CATALOGUE

GUIDE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"`(\{name: .*?\})` ?(?:\(.*\) )?\|", GUIDE)


def test_every_data_set_is_in_it() -> None:
    named = {yaml.safe_load(section)["name"] for section in SECTIONS}
    assert set(families.member_names("datasets")) <= named


@pytest.mark.parametrize("section", [s for s in SECTIONS if ":my_set" not in s])
def test_each_section_is_right(section: str) -> None:
    found, mistakes = check_component("datasets", yaml.safe_load(section), ("data",))
    assert found is not None
    assert mistakes == []


def test_what_it_fetches_is_to_be_had() -> None:
    named = re.findall(r"sweeper data fetch (\w+)", GUIDE)
    assert named
    assert set(named) <= CATALOGUE.keys()
