"""Options of `rag ask` and `rag search` that restrict which articles are searched."""

from __future__ import annotations

from typing import Any

import click
from pydantic import ValidationError

from rag.messages import Lang, text
from rag.types import Filter

_MANY = {"publishers": "--publisher", "article_ids": "--article", "langs": "--article-lang"}
_DATES = {"published_from": "--from", "published_to": "--to"}


def filter_options(lang: Lang) -> list[click.Option]:
    """`--publisher`, `--article` and `--article-lang`, which may be repeated; `--from` and `--to`."""
    many = [
        click.Option([flag, name], multiple=True, help=text(f"filter.{name}", lang))
        for name, flag in _MANY.items()
    ]
    dates = [
        click.Option([flag, name], metavar="YYYY[-MM[-DD]]", help=text(f"filter.{name}", lang))
        for name, flag in _DATES.items()
    ]
    return [*many, *dates]


def chosen_filter(lang: Lang, given: dict[str, Any]) -> Filter | None:
    """The filter that the options say, None when they say nothing.

    Raises:
        click.BadParameter: a date is none.
    """
    conditions = {name: frozenset(given[name]) for name in _MANY if given[name]}
    conditions |= {name: given[name] for name in _DATES if given[name] is not None}
    try:
        return Filter.model_validate(conditions) if conditions else None
    except ValidationError as error:
        wrong = str(error.errors()[0]["loc"][0])
        raise click.BadParameter(text("bad_date", lang), param_hint=_DATES.get(wrong, wrong)) from None
