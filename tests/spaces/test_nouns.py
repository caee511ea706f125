"""Sentences are written once, of ternary operations, and said in the words of other spaces."""

import pytest

from fluxttice_core.spaces.space_name import space_of

GATE = "held-out tables come back whole from the mean, an operation of nine trits"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ternary:2", GATE),
        ("ternary:1", GATE),
        ("boolean:3", "held-out operations come back whole from the mean, an operation of nine entries"),
        ("dna:4", "held-out words come back whole from the mean, a word of nine letters"),
        ("codons", "held-out codons come back whole from the mean, a codon of nine letters"),
        ("peptide:2", "held-out peptides come back whole from the mean, a peptide of nine residues"),
        ("bits:4", "held-out rows of bits come back whole from the mean, a row of bits of nine bits"),
        ("01^4xACGT^2", "held-out words come back whole from the mean, a word of nine letters"),
    ],
)
def test_a_sentence_is_in_the_words_of_its_space(name: str, said: str) -> None:
    assert space_of(name).nouns.own(GATE) == said


def test_names_of_metrics_and_words_that_only_begin_alike_are_left_alone() -> None:
    own = space_of("dna:4").nouns.own
    for kept in ("agreement/tables/768", "table_accuracy/mean/held_out", "`table`", "tabled, tritone"):
        assert own(kept) == kept


def test_an_article_fits_its_noun() -> None:
    assert (
        space_of("boolean:2").nouns.own("one latent a cell, a table") == "one latent an entry, an operation"
    )
