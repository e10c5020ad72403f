"""Streams are found by name, and no two names share one."""

import itertools

from sharpminima import streams


def test_the_same_name_gives_the_same_numbers():
    first, second = (streams.generator("data order", 3, 7) for _ in range(2))
    assert first.random() == second.random()


def test_names_are_not_added_up():
    assert streams.seed("order", 0, 1) != streams.seed("order", 1, 0)


def test_no_two_of_many_names_collide():
    names = itertools.product(["order", "weights"], range(50), range(50))
    seeds = [streams.seed(*name) for name in names]
    assert len(set(seeds)) == len(seeds)


def test_a_seed_is_the_same_on_every_machine_and_fits_63_bits():
    assert streams.seed("data order", 0, 0) == 4963044860799532330
    assert max(streams.seed("x", i) for i in range(200)) < 2**63
